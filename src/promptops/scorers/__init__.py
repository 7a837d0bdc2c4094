"""Scorers: one file per scorer, found by its file name; `scorer.py` says what such a file holds."""
