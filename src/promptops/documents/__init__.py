"""Files that people write: read strictly, with the place of every value, from a tree that they cannot leave."""
