"""Reports: values in, text out; nothing is printed here."""
