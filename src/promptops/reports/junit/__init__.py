"""The parts of a report in JUnit's XML."""
