"""Arms paired into deltas, deltas into verdicts, verdicts into an exit code."""
