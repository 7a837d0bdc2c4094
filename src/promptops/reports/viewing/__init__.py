"""Pages for a browser besides the report itself: the index of runs, trends, and errors."""
