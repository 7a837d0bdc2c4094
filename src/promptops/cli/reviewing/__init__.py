"""People label answers: at the terminal, or by way of a sheet."""
