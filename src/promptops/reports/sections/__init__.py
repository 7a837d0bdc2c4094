"""The parts of a report for a terminal, in the order in which they are read."""
