"""Files that people write, read strictly, with the place of every value; their trees."""
