"""What scorers that ask an LLM judge have in common."""
