"""Git: the versions of a prompt, and the one that it is compared with."""
