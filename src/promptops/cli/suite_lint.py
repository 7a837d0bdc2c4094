"""What is wrong with a suite, as far as can be said without asking a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptops.cli.project import Project
from promptops.datasets.loading import Dataset, open_dataset
from promptops.engine.suite import Suite, load_suite, locate_dataset
from promptops.errors import InputError, InputErrors, Location, PromptopsError, did_you_mean
from promptops.judges.filling import Filling
from promptops.judges.showing import FENCE
from promptops.prompts.inputs import InputChecker
from promptops.prompts.lint import Finding
from promptops.prompts.loading import LoadedPrompt, load_prompt, prompt_names
from promptops.prompts.rendering import Renderer
from promptops.scorers.discovery import Scorer, build
from promptops.scorers.judging.turns import turn_faults
from promptops.scorers.scorer import ServiceError
from promptops.values.case import Case
from promptops.values.request import Request
from promptops.values.response import Outcome

WIDEST_LIMIT = 5.0
"""An increase, as a share, from which on a limit is taken for a slip."""
MOST_CASES = 10
"""Cases of one suite that are told of one by one."""


@dataclass(frozen=True, slots=True)
class _Bench:
    """The project as scorers see it before a run. Nothing of the project's own code may run."""

    project: Project
    allow_code: bool = False

    @property
    def root(self) -> Path:
        return self.project.root

    def load_prompt(self, name: str) -> LoadedPrompt:
        return load_prompt(self.project.tree, name)

    async def ask(self, request: Request, index: int) -> Outcome:
        raise ServiceError(f"lint asks no model ({request.model}, draw {index})")

    async def embed(self, model: str, texts: Sequence[str]) -> list[list[float]]:
        raise ServiceError(f"lint asks no model ({model}, {len(texts)} texts)")


def lint_suite(project: Project, name: str) -> list[Finding]:
    """Everything wrong with a suite, its dataset and its scorers, each with its place."""
    try:
        suite = load_suite(project.tree, name)
    except InputError as error:
        return as_findings(error)
    findings: list[Finding] = []
    prompt = _prompt(project, suite, findings)
    scorers = _scorers(project, suite, prompt, findings)
    if scorers and all(scorer.role != "gate" for scorer in scorers):
        findings.append(
            Finding(
                "warning",
                "no scorer gates: this suite can never fail",
                suite.document.locate(("scorers",)),
                "leave out `role: observe` where a drop should count",
            )
        )
    findings += _increases(suite) + _unused_prices(suite, prompt, scorers)
    return findings + _dataset(project, suite, prompt, scorers)


def _unused_prices(
    suite: Suite, prompt: LoadedPrompt | None, scorers: list[Scorer]
) -> list[Finding]:
    """Prices of models that nothing in the suite asks.

    No error: `--model` may name them, and an earlier version of the prompt may have asked them.
    """
    if prompt is None or len(scorers) < len(suite.file.scorers):
        return []  # who is asked is not known
    asked = {prompt.prompt.model, *(model for each in scorers for model in each.models)}
    found = []
    for model in suite.file.prices:
        if model not in asked:
            message = f"a price for {model!r}, which neither the prompt nor a scorer asks"
            where = suite.document.locate(("prices", model))
            hint = did_you_mean(model, asked - {*suite.file.prices} or asked)
            found.append(Finding("warning", message, where, hint))
    return found


def _increases(suite: Suite) -> list[Finding]:
    """Limits that are so wide that percents must have been meant."""
    found = []
    for name in ("cost_increase", "token_increase", "latency_increase"):
        limit = getattr(suite.file.gate, name)
        if limit is not None and limit >= WIDEST_LIMIT:
            message = f"gate.{name} of {limit:g} lets it become {1 + limit:g} times as much"
            where = suite.document.locate(("gate", name))
            found.append(Finding("warning", message, where, "a quarter more is 0.25"))
    return found


def as_findings(error: PromptopsError) -> list[Finding]:
    """An error as one finding, or several."""
    errors = error.errors if isinstance(error, InputErrors) else (error,)
    return [Finding("error", each.message, each.location, each.hint) for each in errors]


def _prompt(project: Project, suite: Suite, findings: list[Finding]) -> LoadedPrompt | None:
    name = suite.file.prompt
    known = prompt_names(project.tree)
    if name not in known:
        where = suite.document.locate(("prompt",))
        hint = did_you_mean(name, known)
        findings.append(Finding("error", f"there is no prompt {name!r}", where, hint))
        return None
    try:
        return load_prompt(project.tree, name)
    except InputError:  # told of where the prompt itself is checked
        return None


def _scorers(
    project: Project, suite: Suite, prompt: LoadedPrompt | None, findings: list[Finding]
) -> list[Scorer]:
    scorers = []
    for name in suite.file.scorers:
        try:
            scorer = build(name, suite.document, ("scorers", name))
            scorer.examine(_Bench(project), prompt)
            scorers.append(scorer)
            where = suite.document.locate(("scorers", name))
            findings += [Finding("warning", note, where) for note in scorer.notes]
            findings += _unfenced(project, scorer, where)
        except InputError as error:
            findings += as_findings(error)
    if len(scorers) == len(suite.file.scorers):
        findings += [each for fault in turn_faults(scorers) for each in as_findings(fault)]
    return scorers


def _unfenced(project: Project, scorer: Scorer, where: Location) -> list[Finding]:
    if scorer.judge is None:
        return []
    judge = load_prompt(project.tree, scorer.judge[0])
    if FENCE in judge.prompt.inputs and FENCE in Renderer(judge).used:
        return []
    message = f"{judge.name} cannot tell where the answer ends: nothing fences it off"
    hint = (
        "declare an input  fence: {type: string}, and put {{ fence }} before and after the answer"
    )
    return [Finding("warning", message, where, hint)]


def _dataset(
    project: Project, suite: Suite, prompt: LoadedPrompt | None, scorers: list[Scorer]
) -> list[Finding]:
    try:
        path = suite.dataset_path
        place = locate_dataset(suite, project.tree)
        with open_dataset(place, display=path) as dataset:
            notes = [Finding("warning", note, Location(path), None) for note in dataset.notes]
            return notes + _cases(dataset, path, prompt, scorers)
    except InputError as error:
        return as_findings(error)


def _cases(
    dataset: Dataset, path: str, prompt: LoadedPrompt | None, scorers: list[Scorer]
) -> list[Finding]:
    inputs = InputChecker(prompt.prompt.inputs) if prompt else None
    rendering = _Rendering(prompt) if prompt else None
    filling = Filling(prompt) if prompt else None
    scoring = _Scoring(scorers, path)
    findings: list[Finding] = []
    wrong = 0
    for case in dataset:
        columns = filling.columns(case.columns) if filling else case.columns
        problem = inputs.check(columns) if inputs else None
        fits = scoring.attempt(case) and problem is None
        if rendering and fits:
            rendering.attempt(case, columns, path)
        wrong += problem is not None
        if problem and wrong <= MOST_CASES:
            message = f"case {case.id!r}: {problem}"
            findings.append(Finding("error", message, Location(path, case.line), None))
    if wrong > MOST_CASES:
        more = f"{wrong - MOST_CASES:,} more cases do not fit"
        findings.append(Finding("error", more, Location(path), None))
    return findings + scoring.findings() + (rendering.findings() if rendering else [])


class _Scoring:
    """Case after case looked at by every scorer; what goes wrong, once for each kind."""

    def __init__(self, scorers: list[Scorer], path: str) -> None:
        self._scorers = scorers
        self._path = path
        self._first: dict[tuple[str, str], Case] = {}
        self._counts: Counter[tuple[str, str]] = Counter()
        self._untold = 0

    def attempt(self, case: Case) -> bool:
        """Whether all scorers can use a case."""
        kinds = [
            (scorer.name, problem)
            for scorer in self._scorers
            if (problem := scorer.check_case(case)) is not None
        ]
        for kind in kinds:
            if kind not in self._first and len(self._first) == MOST_CASES:
                self._untold += 1
                continue
            self._first.setdefault(kind, case)
            self._counts[kind] += 1
        return not kinds

    def findings(self) -> list[Finding]:
        """Each kind of fault at the first of its cases."""
        found = []
        for kind, case in self._first.items():
            scorer, problem = kind
            more = f" and {self._counts[kind] - 1:,} more" if self._counts[kind] > 1 else ""
            message = f"case {case.id!r}{more}: scorer {scorer!r}: {problem}"
            found.append(Finding("error", message, Location(self._path, case.line), None))
        if self._untold:
            more = f"{self._untold:,} more faults of scorers over cases"
            found.append(Finding("error", more, Location(self._path), None))
        return found


class _Rendering:
    """A prompt rendered with case after case; what goes wrong, once for each kind."""

    def __init__(self, prompt: LoadedPrompt) -> None:
        self._renderer: Renderer | None = None
        self._errors: dict[tuple[str, str], tuple[InputError, Case, Location]] = {}
        self._counts: Counter[tuple[str, str]] = Counter()
        try:
            self._renderer = Renderer(prompt)
        except InputError:  # told of where the prompt itself is checked
            return

    def attempt(self, case: Case, columns: Mapping[str, Any], path: str) -> None:
        """Render one case of the dataset at `path`."""
        try:
            if self._renderer:
                self._renderer.render(columns)
        except InputError as error:
            kind = error.message, str(error.location)
            self._errors.setdefault(kind, (error, case, Location(path, case.line)))
            self._counts[kind] += 1

    def findings(self) -> list[Finding]:
        """Each kind of error at its place in the template, with the first of its cases."""
        found = []
        for kind, (error, case, where) in self._errors.items():
            more = f" and {self._counts[kind] - 1:,} more" if self._counts[kind] > 1 else ""
            message = f"{error.message} (case {case.id!r}{more})"
            found.append(Finding("error", message, error.location or where, error.hint))
        return found
