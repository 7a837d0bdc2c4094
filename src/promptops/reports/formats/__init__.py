"""One file per format: what `--format` takes is the name of a file here."""
