"""GitHub's REST interface, as far as one comment on a pull request needs it."""
