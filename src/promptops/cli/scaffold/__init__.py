"""The files that `promptops init` writes, as they are written."""
