"""What is known of judges, one file per format: what `judge check --format` takes is its name."""
