"""Other ways to write a judge, made out of the one that there is.

Each changes one thing that is known to move judges: the order of its verdicts or anchors, whether
the points of its scale are described, whether it explains itself before or after its verdict, and
which of its yes/no questions it is asked.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from promptops.documents.yaml_rewriting import rewritten
from promptops.judges.criteria import CRITERIA
from promptops.judges.rubric import ANCHORS, Ruled
from promptops.judges.verdicts import EXPLANATION, VERDICT
from promptops.prompts.loading import LoadedPrompt

LEAST_CRITERIA = 2

Values = dict[str, Any]
"""What a prompt's file holds."""


@dataclass(frozen=True, slots=True)
class Variant:
    """Another file for a judge."""

    name: str
    about: str
    """What is other than in the judge as it is."""
    source: str
    """The text of its file."""


def automatic_variants(ruled: Ruled) -> list[Variant]:
    """All that this judge's file allows, the same in the same order each time."""
    loaded = ruled.loaded
    return [
        Variant(name, about, rewritten(loaded.document, loaded.source, values))
        for name, about, values in _all(ruled)
    ]


def _all(ruled: Ruled) -> Iterator[tuple[str, str, Values]]:
    for name, about, change in _changes(ruled):
        values = copy.deepcopy(ruled.loaded.document.value)
        if change(values):
            yield name, about, values


def _changes(ruled: Ruled) -> Iterator[tuple[str, str, Callable[[Values], bool]]]:
    """Name, what it does, and what does it; that says whether it could."""
    rubric = ruled.loaded.prompt.judge
    first = _first_key(ruled)
    then = "first" if first != EXPLANATION else "last"
    yield (
        f"explanation-{then}",
        f"the explanation comes {then}",
        lambda values: _swap(values, ruled, first),
    )
    if rubric is None or not rubric.criteria:
        yield "verdicts-reversed", "the verdicts in the opposite order", _reverse_verdicts
    if rubric and rubric.anchors:
        guided = ruled.guidance[ANCHORS]
        names = sorted(rubric.anchors, key=lambda name: guided.find(f"- {name}: "))
        if isinstance(_verdict(ruled.loaded), dict) and "enum" not in _verdict(ruled.loaded):
            yield "anchors-reversed", "what earns each point, the best first", _reverse_anchors
        yield (
            "without-anchors",
            "nothing said of what earns each verdict",
            lambda values: _drop_anchors(values, names),
        )
    criteria = list(rubric.criteria) if rubric else []
    if len(criteria) >= LEAST_CRITERIA:
        yield "criteria-reversed", "the questions in the opposite order", _reverse_criteria
        for each in criteria:
            yield f"without-{each}", f"the question {each!r} is not asked", _without(each)


def _verdict(loaded: LoadedPrompt) -> Any:
    schema = loaded.prompt.output.schema if loaded.prompt.output else {}
    return schema.get("properties", {}).get(VERDICT, {})


def _first_key(ruled: Ruled) -> str:
    return str(next(iter(_schema(ruled)["properties"])))


def _schema(ruled: Ruled) -> Values:
    written = ruled.loaded.prompt.output
    schema = written.schema if written else ruled.made_schema
    assert schema is not None
    return copy.deepcopy(dict(schema))


def _swap(values: Values, ruled: Ruled, first: str) -> bool:
    """The schema in the opposite order, and a sentence that says so at the end of the first
    message.
    """
    schema = _schema(ruled)
    said = CRITERIA if CRITERIA in schema["properties"] else VERDICT
    order = [said, EXPLANATION] if first == EXPLANATION else [EXPLANATION, said]
    told = schema["properties"]
    schema["properties"] = {key: told[key] for key in [*order, *told] if key in told}
    schema["required"] = [*order, *(key for key in schema.get("required", ()) if key not in order)]
    message = values["messages"][0]
    if not isinstance(message.get("content"), str):
        return False
    sentence = f'In your JSON object "{order[0]}" comes first, and "{order[1]}" after it.'
    message["content"] = f"{message['content'].rstrip()}\n\n{sentence}\n"
    values["output"] = {"schema": schema}
    return True


def _reverse_verdicts(values: Values) -> bool:
    enum = _at(values, "output", "schema", "properties", VERDICT).get("enum")
    if isinstance(enum, list):
        enum.reverse()
    labels = _at(values, "judge").get("labels")
    if isinstance(labels, dict):
        values["judge"]["labels"] = _reversed(labels)
    return isinstance(enum, list) or isinstance(labels, dict)


def _reverse_anchors(values: Values) -> bool:
    return _in_messages(
        values, ANCHORS, r'- {{ anchors[2:].split("\\n- ") | reverse | join("\\n- ") }}'
    )


def _drop_anchors(values: Values, names: Sequence[str]) -> bool:
    """In their place stand the bare verdicts, so that no sentence before them is left hanging."""
    if any("{" in name for name in names):
        return False
    del values["judge"][ANCHORS]
    values["inputs"].pop(ANCHORS, None)
    if not values["judge"]:
        del values["judge"]
    bare = "\n".join(f"- {name}" for name in names)
    return _in_messages(values, ANCHORS, bare.replace("\\", r"\\"))


def _reverse_criteria(values: Values) -> bool:
    values["judge"][CRITERIA] = _reversed(values["judge"][CRITERIA])
    return True


def _without(name: str) -> Callable[[Values], bool]:
    def change(values: Values) -> bool:
        del values["judge"][CRITERIA][name]
        inner = _at(values, "output", "schema", "properties", CRITERIA)
        inner.get("properties", {}).pop(name, None)
        if name in inner.get("required", ()):
            inner["required"].remove(name)
        return True

    return change


def _in_messages(values: Values, variable: str, template: str) -> bool:
    """Put `template` wherever the messages place a variable; False where only an include does."""
    place = re.compile(r"\{\{-?\s*" + variable + r"\s*-?\}\}")
    found = 0
    for message in values["messages"]:
        if isinstance(message.get("content"), str):
            message["content"], count = place.subn(template, message["content"])
            found += count
    return found > 0


def _reversed(of: dict[str, Any]) -> dict[str, Any]:
    return dict(reversed(of.items()))


def _at(values: Values, *path: str) -> Values:
    found: Any = values
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}
