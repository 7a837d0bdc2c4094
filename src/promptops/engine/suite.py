"""The suite file: which prompt, which dataset, which scorers, which gate."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from promptops.comparison.policy import Estimand, Guarantee
from promptops.documents.decoding import decode
from promptops.documents.tree import Tree, WorkingTree, inside
from promptops.documents.yaml_reader import Document, read_yaml
from promptops.errors import InputError, Location, did_you_mean
from promptops.values.price import StatedPrice

FOLDER = "evals"
MOST_SAMPLES = 1000

Share = Annotated[float, Meta(gt=0, lt=1)]
Positive = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]
Increase = Annotated[float, Meta(gt=0)]
"""By what share a mean may rise: 0.25 is a quarter."""


class Gate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The policy that turns verdicts into an exit code."""

    margin: Annotated[Share, Meta(description="The largest drop of the mean that is no loss.")] = (
        0.05
    )
    alpha: Annotated[
        float,
        Meta(gt=0, lt=0.5, description="Accepted chance of a false alarm, one-sided."),
    ] = 0.05
    inconclusive: Annotated[
        Literal["warn", "fail"], Meta(description="Whether `inconclusive` exits with 3.")
    ] = "warn"
    trust: Annotated[
        Literal["require", "warn"],
        Meta(
            description="Whether a judge gates only where its agreement with people was measured"
            " and is good enough, or gates anyhow, and the report warns of it."
        ),
    ] = "require"
    estimand: Annotated[
        Estimand,
        Meta(
            description="`dataset`: the verdict is about these cases; `population`: about others"
            " like them, looked at once."
        ),
    ] = "dataset"
    guarantee: Annotated[
        Guarantee,
        Meta(
            description="`strict`: a guarantee at any time and for any scores; mostly more calls."
        ),
    ] = "standard"
    cost_increase: Annotated[
        Increase | None,
        Meta(description="By how much the mean cost of an answer may rise: 0.25 is a quarter."),
    ] = None
    token_increase: Annotated[
        Increase | None,
        Meta(description="By how much its mean tokens, in and out, may rise: 0.25 is a quarter."),
    ] = None
    latency_increase: Annotated[
        Increase | None,
        Meta(description="By how much its mean latency may rise: 0.25 is a quarter."),
    ] = None


class Budget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one run may spend; it stops before any of these is passed."""

    usd: Annotated[Positive | None, Meta(description="US dollars.")] = None
    calls: Annotated[Count | None, Meta(description="Model calls, judges included.")] = None
    tokens: Annotated[Count | None, Meta(description="Tokens, in and out, judges included.")] = None


class CallLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How fast each model is asked, and how long an answer is waited for."""

    requests_per_minute: Annotated[
        Count | None, Meta(description="Requests to one model in any minute, at most.")
    ] = None
    tokens_per_minute: Annotated[
        Count | None, Meta(description="Tokens, in and out, of one model in any minute, at most.")
    ] = None
    timeout_seconds: Annotated[
        Positive, Meta(description="How long one attempt may take as a whole.")
    ] = 120.0
    patience_seconds: Annotated[
        Positive,
        Meta(description="How long a model without an answer is waited for before the run ends."),
    ] = 300.0


class SuiteFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A suite as it is written in `evals/<name>.yaml`."""

    prompt: Annotated[str, Meta(min_length=1, description="Name of the prompt under test.")]
    dataset: Annotated[
        str, Meta(min_length=1, description="Dataset file, relative to the suite's folder.")
    ]
    scorers: Annotated[
        dict[str, dict[str, Any]],
        Meta(min_length=1, description="Name of a metric to its scorer's `type` and options."),
    ]
    description: str = ""
    samples: Annotated[
        Count, Meta(le=MOST_SAMPLES, description="The most samples drawn per case and version.")
    ] = 5
    gate: Gate = Gate()
    budget: Budget = Budget()
    limits: CallLimits = CallLimits()
    prices: Annotated[
        dict[str, StatedPrice],
        Meta(description="Model to its price in US dollars per million tokens; before any list."),
    ] = {}
    truncated: Annotated[
        Literal["fail", "score"],
        Meta(description="An answer cut at its token limit: a score of zero, or scored as it is."),
    ] = "fail"


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite, where it was read, and the place of every value in it."""

    name: str
    path: str
    file: SuiteFile
    document: Document

    @property
    def dataset_path(self) -> str:
        """The dataset's path from the root of the project.

        Raises:
            InputError: the path leaves the project.
        """
        where = self.document.locate(("dataset",))
        relative = inside(self.file.dataset, location=where)
        return str(PurePosixPath(self.path).parent / relative)


def suite_names(tree: Tree) -> list[str]:
    """Names of all suites: YAML files below `evals/` that are no datasets.

    A file that cannot be read counts as a suite, so that whoever loads it is told why.
    """
    return [
        path.removeprefix(f"{FOLDER}/").rsplit(".", 1)[0]
        for path in tree.list(FOLDER)
        if path.endswith((".yaml", ".yml")) and not _is_dataset(tree, path)
    ]


def locate_dataset(suite: Suite, tree: WorkingTree) -> Path:
    """The place of a suite's dataset on disk.

    Raises:
        InputError: there is none, or its path leaves the project.
    """
    where = suite.document.locate(("dataset",))
    path = suite.dataset_path
    place = tree.locate(path, location=where)
    if place is None:
        near = did_you_mean(path, tree.list(str(PurePosixPath(path).parent)))
        raise InputError(f"there is no dataset {path!r}", location=where, hint=near)
    return place


def load_suite(tree: Tree, name: str) -> Suite:
    """Read `evals/<name>.yaml`.

    Raises:
        InputError: there is no such suite, or the file does not fit; with the place.
    """
    for suffix in (".yaml", ".yml"):
        path = f"{FOLDER}/{name}{suffix}"
        text = tree.read(path)
        if text is not None:
            return parse_suite(text, name, path)
    raise InputError(
        f"there is no suite {name!r}",
        location=Location(f"{FOLDER}/{name}.yaml"),
        hint=did_you_mean(name, suite_names(tree)) or "promptops init makes a first one",
    )


def parse_suite(text: str, name: str, path: str) -> Suite:
    """Read a suite's text; `path` is for messages and for finding its dataset."""
    document = read_yaml(text, path)
    if isinstance(document.value, dict) and not document.value.get("scorers", True):
        raise InputError(
            "a suite with no scorer can say nothing",
            location=document.locate(("scorers",)),
            hint="for example  scorers: {exact: {type: equals, expected: '{{ expected }}'}}",
        )
    return Suite(name, path, decode(document, SuiteFile), document)


def _is_dataset(tree: Tree, path: str) -> bool:
    """Told by its first key: a dataset is a list, or a mapping that holds one under `cases`."""
    try:
        text = tree.read(path) or ""
    except InputError:
        return False
    for line in text.removeprefix("\ufeff").splitlines():
        bare = line.strip()
        if bare and not bare.startswith("#") and bare != "---":
            return bare.startswith(("-", "[", "cases:"))
    return False
