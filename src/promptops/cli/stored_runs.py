"""Which run tells what a version is worth. Imported only where there is a store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from promptops.cli.output import note
from promptops.cli.project import Project
from promptops.engine.suite import load_suite
from promptops.errors import InputError, StoreError
from promptops.prompts.loading import LoadedPrompt, prompt_names
from promptops.store.store import Store
from promptops.values.report import Report

Rank = tuple[bool, bool, int]


def scores_of(project: Project, name: str, versions: Sequence[LoadedPrompt]) -> dict[str, Report]:
    """For each version the run that tells its score; see `past_runs`.

    A store that cannot be read is told of, and is no reason to show nothing.
    """
    choice = RunChoice(project, name, versions)
    found: dict[str, Report] = {}
    try:
        with Store(project.root, reading=True) as store:
            for digest in choice.models:
                report = choice.best(store.runs.of_version(digest), digest)
                if report is not None:
                    found[digest] = report
    except StoreError as error:
        note(f"scores of earlier runs are left out: {error}")
    return found


def quality_of(
    project: Project, name: str, before: LoadedPrompt, after: LoadedPrompt
) -> Report | None:
    """The run that tells what the one version is worth beside the other; see `past_runs`."""
    choice = RunChoice(project, name, [before, after])
    try:
        with Store(project.root, reading=True) as store:
            both = (
                report
                for report in store.runs.of_version(after.digest)
                if report.baseline and report.baseline.digest == before.digest
            )
            return choice.best(both, after.digest)
    except StoreError as error:
        note(f"the quality of both is left out: {error}")
        return None


class RunChoice:
    """Which run of several counts, for versions of one prompt."""

    def __init__(
        self,
        project: Project,
        name: str,
        versions: Iterable[LoadedPrompt],
        *,
        model: str | None = None,
    ) -> None:
        """`model` is the one that must have been asked; None for each version's own."""
        self.models: Mapping[str, str] = {
            each.digest: model or each.prompt.model for each in versions
        }
        """Digest of each version to the model that its runs must have asked."""
        self._project = project
        self._others = {*prompt_names(project.tree)} - {name}
        self._samples: dict[str, int] = {}

    def best(
        self, reports: Iterable[Report], digest: str, *, before: str | None = None
    ) -> Report | None:
        """The best of the reports with this digest on one of their arms; they come newest first.

        Where `before` is a digest, a run that compared the two goes before one that compared this
        version with another.
        """
        best: Rank = (True, True, 2 if before is None else 3)
        chosen: Report | None = None
        highest: Rank | None = None
        for report in reports:
            if not self._counts(report, digest):
                continue
            rank = self._rank(report, digest, before)
            if highest is None or rank > highest:
                chosen, highest = report, rank
            if highest == best:
                break
        return chosen

    def _counts(self, report: Report, digest: str) -> bool:
        """Whether a run asked the version's own model, and all cases, of this prompt.

        One that compared the version with itself tells of noise.  Another prompt that means the
        same, being a copy, has suites and runs of its own.
        """
        own = self.models.get(report.candidate.digest, self.models[digest])
        return (
            report.model == own
            and not report.meta.get("tags")
            and report.meta.get("itself") is not True
            and report.prompt not in self._others
        )

    def _rank(self, report: Report, digest: str, before: str | None) -> Rank:
        samples = report.meta.get("samples")
        full = not isinstance(samples, int) or samples >= self._wanted(report.suite)
        valid, base = report.verdict != "invalid", report.baseline
        if base is None:
            return valid, full, 0
        new = report.candidate.digest == digest
        return valid, full, 1 + new + (new and before is not None and base.digest == before)

    def _wanted(self, suite: str) -> int:
        """How many samples a suite asks for today; 0 where it is gone."""
        if suite not in self._samples:
            try:
                self._samples[suite] = load_suite(self._project.tree, suite).file.samples
            except InputError:
                self._samples[suite] = 0
        return self._samples[suite]
