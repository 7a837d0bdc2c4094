"""The server of `promptops view`: reports of the store, on this machine alone."""
