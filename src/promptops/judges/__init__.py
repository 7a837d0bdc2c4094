"""LLM judges: a versioned prompt with a rubric, asked for one strictly read verdict."""
