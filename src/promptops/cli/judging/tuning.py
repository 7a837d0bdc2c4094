"""A judge tried in other words: the command from its options to what is written."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from promptops.cli.choosing import open_workplace
from promptops.cli.judging.asking import (
    ask,
    check_is_judge,
    check_limit,
    check_max_cost,
    models_of,
    place_of,
    prices_of,
)
from promptops.cli.judging.trial import Trial
from promptops.cli.judging.variants import Wording, next_version, wordings
from promptops.cli.output import emit, note
from promptops.cli.project import find_project
from promptops.engine.calling.limits import Limits
from promptops.engine.calling.terms import Terms
from promptops.engine.judging.uses import Use, uses_of
from promptops.engine.preparing import Workplace
from promptops.engine.scoring import ProjectAccess
from promptops.errors import InputError, NoVerdictError
from promptops.labels.files import read_labels
from promptops.prompts.loading import prompt_path
from promptops.values.tuning import TuneReport


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for."""

    suite: str | None = None
    variants: str | None = None
    model: str | None = None
    seed: int = 0
    max_cost_usd: float | None = None
    concurrency: int = 16


@dataclass(frozen=True, slots=True)
class Tuned:
    """What came of it, and what `--write` would write."""

    report: TuneReport
    text: str
    """The next version of the judge's file."""


def tune(judge: str, wanted: Wanted, *, quiet: bool) -> Tuned:
    """Try a judge in other words, and pick.

    Raises:
        InputError: the judge, a variant, the suite or labels are wrong, or there are too few labels
            to pick by; nothing was spent.
        NoVerdictError: not everything could be asked.
    """
    check_max_cost(wanted.max_cost_usd)
    project = find_project()
    check_is_judge(judge, project.tree)
    with ExitStack() as held:
        place = open_workplace(project, held)
        use = _one_use(judge, wanted, place)
        tried = wordings(use, place, wanted.variants, wanted.model, quiet=quiet)
        terms = _terms(tried, wanted)
        trial = Trial(
            place,
            tried,
            seed=wanted.seed,
            concurrency=wanted.concurrency,
            pinned=wanted.model is None,
            tell=(lambda _: None) if quiet else note,
        )
        ask(trial.run, terms, place, models_of([each.use for each in tried]))
    report = trial.report
    assert report is not None
    picked = next(each for each in tried if each.name == report.picked)
    return Tuned(report, next_version(tried[0].loaded, picked.loaded, _change(report)))


def write(tuned: Tuned, *, quiet: bool) -> None:
    """Make what was picked the judge's next version, where it is surely better.

    Raises:
        InputError: the file cannot be written.
        NoVerdictError: it is not known to be better.
    """
    report = tuned.report
    path = prompt_path(report.judge)
    if report.outcome == "unchanged":
        if not quiet:
            note(f"{path} stays as it is: {report.reasons[0]}")
        return
    if report.outcome != "better":
        raise NoVerdictError(
            f"nothing was written: {report.reasons[0]}",
            hint="--format json has its whole file, under source",
        )
    emit(tuned.text, place_of(find_project(), path), machine=True)
    if not quiet:
        again = f"promptops judge check {report.judge} --write"
        note(f"wrote {path}, version {report.version + 1}; measure it:  {again}")


def _one_use(judge: str, wanted: Wanted, place: Workplace) -> Use:
    access = ProjectAccess(place.tree, place.root)
    suites = [wanted.suite] if wanted.suite else []
    uses = uses_of(judge, place.tree, access, suites=suites, model=wanted.model)
    names = sorted({each.suite.name for each in uses})
    if len(names) > 1:
        raise InputError(
            f"{judge} is used in {', '.join(names)}",
            hint=f"labels of one suite pick:  --suite {names[0]}",
        )
    return max(uses, key=lambda each: _labels_for(each, place))


def _labels_for(use: Use, place: Workplace) -> int:
    """Of several scorers with one judge, the one that people labelled is tried."""
    read = read_labels(place.tree, use.suite.name)
    given = read.pairs if use.of_pairs else read.answers
    return sum(each.metric == use.metric for each in given)


def _terms(tried: list[Wording], wanted: Wanted) -> Terms:
    prices = prices_of([tried[0].use])
    for each in tried:
        check_limit([each.use], wanted.max_cost_usd, prices, each.access)
    return Terms(
        concurrency=wanted.concurrency,
        limits=Limits(usd=wanted.max_cost_usd, usd_name="--max-cost"),
        prices=prices,
    )


def _change(report: TuneReport) -> str:
    """Why the next version exists, in one line of its file."""
    after, before = report.after, report.before
    if not (after and before) or after.value is None or before.value is None:
        return ""
    tried = len(report.tried) - 1
    return (
        f"Agrees better with people: alpha {after.value:.2f}, before {before.value:.2f}, on"
        f" {after.size} held-out answers; {report.picked} of {tried} variants."
    )
