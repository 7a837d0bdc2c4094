"""How texts, numbers, patterns and JSON values are compared; shared by the scorers."""
