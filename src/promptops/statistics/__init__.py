"""Estimators and tests: arrays in, numbers out. Pure; the only home of numpy."""
