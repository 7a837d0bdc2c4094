"""One command a file, found by its name: `command` runs, the first line above it is its summary."""
