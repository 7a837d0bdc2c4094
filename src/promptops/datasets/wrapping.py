"""The mapping that a JSON or YAML dataset may put around its list of cases."""

from __future__ import annotations

from promptops.errors import InputError, Location, did_you_mean

CASES = "cases"
KNOWN = (CASES, "description", "$schema")


def refuse_unknown(key: object, location: Location | None) -> None:
    """Raise InputError unless the mapping around the cases may hold `key`."""
    if key in KNOWN:
        return
    hint = did_you_mean(key, KNOWN) if isinstance(key, str) else None
    if hint is None or not hint.startswith("did"):
        hint = (
            'a dataset is a list of cases, or a mapping whose "cases" is that list;'
            " a file with one object a line is named .jsonl"
        )
    raise InputError(f"unknown key {key!r} around the cases", location=location, hint=hint)


def no_cases(location: Location | None) -> InputError:
    """The error for a file that holds something else than cases."""
    return InputError(
        "no list of cases",
        location=location,
        hint='a dataset is a list of cases, or a mapping whose "cases" is that list',
    )
