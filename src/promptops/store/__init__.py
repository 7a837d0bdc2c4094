"""Responses and runs that outlive the process."""
