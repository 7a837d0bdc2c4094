"""What people say of answers: files beside a suite, read strictly and written whole."""
