"""People's labels beside a run: which answers they are asked about, and what theirs corrects."""
