"""How right judges are: measured against people, and what follows for a verdict."""
