"""Prompts: their files, meaning, digest and rendering. Pure: files come from a `Tree`."""
