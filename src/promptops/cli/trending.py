"""The trend of a prompt: its versions out of git, and what the runs that count say of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from promptops.cli.project import Project
from promptops.cli.revisions import history_of
from promptops.cli.stored_runs import RunChoice
from promptops.cli.trend_points import point, with_breaks
from promptops.engine.suite import load_suite, suite_names
from promptops.errors import InputError, did_you_mean
from promptops.history.versions import Version
from promptops.reports import facts
from promptops.store.store import Store
from promptops.values.report import Report
from promptops.values.trend import SCHEMA, Trend

_SHALLOW = "this clone is shallow, so older versions may be missing: git fetch --unshallow"


def trend_of(
    project: Project,
    name: str,
    *,
    suite: str | None = None,
    model: str | None = None,
    limit: int | None = None,
) -> Trend:
    """How the versions of a prompt did on one suite, oldest first; the newest `limit` only.

    For each version the run that counts is chosen as `promptops log` does; one that compared it
    with the version before goes before others, and where it was never the newer of two, one that
    compared it with the version after.

    Raises:
        InputError: there is no such prompt, or several suites could be meant.
        HistoryError: no repository, or git cannot answer.
        StoreError: what is kept cannot be read.
    """
    history = history_of(project, name)
    versions = history.versions[:limit]
    with Store(project.root, reading=True) as store:
        chosen = _Chosen(project, name, history.versions, store, model)
        suite = chosen.suite(suite)
        reports = [
            chosen.report(version, suite, _before(versions, at), _after(versions, at))
            for at, version in enumerate(versions)
        ]
    found = list(zip(versions, reports, strict=True))[::-1]
    metrics = _metrics(reports)
    points = [point(version, report, metrics) for version, report in found]
    points = with_breaks(points, [report for _, report in found], metrics)
    levels = {facts.alpha(each) for each in reports if each}
    alpha = levels.pop() if len(levels) == 1 else None
    notes = _notes(versions, history.versions, reports, shallow=history.is_shallow)
    notes += [] if any(reports) else _elsewhere(chosen, suite, model)
    return Trend(
        schema=SCHEMA,
        prompt=name,
        suite=suite,
        model=model,
        metrics=metrics,
        points=points,
        certainty=None if alpha is None else 1 - alpha,
        notes=notes,
    )


def _before(versions: Sequence[Version], at: int) -> str | None:
    """The digest of the version before one, past those that cannot be read."""
    return next((each.digest for each in versions[at + 1 :] if each.digest), None)


def _after(versions: Sequence[Version], at: int) -> str | None:
    return next((each.digest for each in versions[:at][::-1] if each.digest), None)


def _metrics(reports: Sequence[Report | None]) -> list[str]:
    """The gating metrics of all runs; those of the newest run stand first."""
    names = (metric.name for report in reports if report for metric in facts.gating(report))
    return list(dict.fromkeys(names))


def _notes(
    shown: Sequence[Version],
    versions: Sequence[Version],
    reports: Sequence[Report | None],
    *,
    shallow: bool,
) -> list[str]:
    notes = [_SHALLOW] if shallow else []
    older = len(versions) - len(shown)
    if older:
        notes.append(f"{older} older {'version is' if older == 1 else 'versions are'} left out")
    silent = {each.run for each in reports if each and not isinstance(_fingerprint(each), str)}
    if silent:
        which = "1 run does" if len(silent) == 1 else f"{len(silent)} runs do"
        notes.append(f"{which} not say which dataset was used: a change of it would not be marked")
    return notes


def _fingerprint(report: Report) -> object:
    return report.meta.get("dataset_fingerprint")


def _elsewhere(chosen: _Chosen, suite: str | None, model: str | None) -> list[str]:
    """Where there is nothing to show: what there is instead."""
    models = sorted({each for of, _, each in chosen.made if of == suite})
    if model is not None and models:
        return [f"no version was evaluated on {model}; there are runs on {', '.join(models)}"]
    return []


class _Chosen:
    """Runs of one prompt's versions: which suites they are of, and which of them count."""

    def __init__(
        self,
        project: Project,
        name: str,
        versions: Sequence[Version],
        store: Store,
        model: str | None,
    ) -> None:
        loaded = [each.loaded for each in versions if each.loaded]
        self._project = project
        self._name = name
        self._runs = store.runs
        self._choice = RunChoice(project, name, loaded, model=model)
        self.made = {
            (each.suite, each.prompt, each.model)
            for version in loaded
            for each in store.runs.of_version(version.digest)
        }
        """Suite, prompt and model of every run with any of the versions on either side."""

    def report(
        self, version: Version, suite: str | None, before: str | None, after: str | None
    ) -> Report | None:
        """The run that counts for a version, on a suite; by the digests of its neighbours."""
        digest = version.digest
        if not digest or suite is None:
            return None
        best = self._choice.best(self._runs_of(digest, suite), digest, before=before)
        if best is None or best.candidate.digest == digest:
            return best
        beside = (each for each in self._runs_of(digest, suite) if each.candidate.digest == after)
        neighbour = self._choice.best(beside, digest)
        return best if neighbour is None or neighbour.verdict == "invalid" else neighbour

    def _runs_of(self, digest: str, suite: str) -> Iterator[Report]:
        return (each for each in self._runs.of_version(digest) if each.suite == suite)

    def suite(self, asked: str | None) -> str | None:
        """The suite that is meant: the one asked for, else the only one there is.

        Raises:
            InputError: there is no such suite of this prompt, or it could be several.
        """
        evaluated = {suite for suite, prompt, _ in self.made if prompt == self._name}
        every = {suite for suite, _, _ in self.made}
        here = _suites_of(self._project, self._name)
        if asked is not None:
            known = {*here, *every}
            if asked not in known:
                hint = did_you_mean(asked, known) or "a suite names its prompt: evals/<name>.yaml"
                raise InputError(f"no suite {asked!r} evaluates {self._name!r}", hint=hint)
            return asked
        meant = [each for each in here if each in evaluated] or here
        meant = meant or sorted(evaluated or every)  # a renamed prompt keeps its runs
        if len(meant) > 1:
            raise InputError(
                f"several suites evaluate {self._name!r}: {', '.join(meant)}",
                hint=f"name one: --suite {meant[0]}",
            )
        return meant[0] if meant else None


def _suites_of(project: Project, name: str) -> list[str]:
    """The suites in the working tree that evaluate a prompt; those that are wrong are left out."""
    found = []
    for suite in suite_names(project.tree):
        try:
            prompt = load_suite(project.tree, suite).file.prompt
        except InputError:
            continue
        if prompt == name:
            found.append(suite)
    return found
