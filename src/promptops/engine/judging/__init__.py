"""Judges of a run: what they may do there, whether they changed, and how they are measured."""
