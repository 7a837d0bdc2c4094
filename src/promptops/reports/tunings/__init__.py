"""What came of trying a judge in other words: what `judge tune --format` takes is a file here."""
