"""Trends, one file per format: what `report --trend NAME --format` takes is the name of a file."""
