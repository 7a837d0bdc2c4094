"""Templates: a bounded Jinja2. Nothing that a prompt file says can hold up or blow up a process."""
