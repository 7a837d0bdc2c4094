"""Models that run inside this process: one file per provider, found by its name.

`<prefix>.py` answers for model strings `<prefix>/<name>`; `provider.py` says what it must hold.
"""
