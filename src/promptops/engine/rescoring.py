"""What a changed judge, or another changed scorer, makes of answers that were scored before it.

The prompt is the same and so are its answers; what moved is the measure.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from promptops.engine.suite_changes import Rescored
from promptops.prompts.loading import LoadedPrompt
from promptops.store.runs import Runs
from promptops.values.report import Report
from promptops.values.sample import Arm
from promptops.values.score import Score

_Slot = tuple[str, int, str]
"""Case, sample index and request key."""


def rescored(
    runs: Runs,
    report: Report,
    version: LoadedPrompt,
    changed: Sequence[Rescored],
    suites: Sequence[str],
) -> list[str]:
    """For each scorer that changed, what it says now of the answers that the old one had scored.

    `version` is the prompt as it was before the change; `suites` are the names that the suite has
    and had.  Only answers that were kept count: one that was drawn again is another answer.
    """
    return [_told(runs, report, version.digest, each, suites) for each in changed]


def _told(runs: Runs, report: Report, digest: str, changed: Rescored, suites: Sequence[str]) -> str:
    name, (old, new) = changed.scorer, _named(changed)
    verb = "judged anew" if changed.after else "scored anew"
    arm = _arm(report, digest)
    now = _scores(runs, report.run, arm, name, kept=True) if arm else {}
    for earlier in runs.of_version(digest):
        side = _arm(earlier, digest)
        if side is None or not _by_the_old_one(earlier, report, changed, suites):
            continue
        before = _scores(runs, earlier.run, side, name, kept=False)
        both = sorted(before.keys() & now.keys())
        if both:
            means = [_mean({slot: scores[slot] for slot in both}) for scores in (before, now)]
            many = "1 answer" if len(both) == 1 else f"{len(both):,} answers"
            return (
                f"{verb}: {name} {means[0]:.2f} by {old}, {means[1]:.2f} by {new},"
                f" on the same {many}"
            )
    return f"{verb}: {name}; what {old} said of the same answers is not known here"


def _named(changed: Rescored) -> tuple[str, str]:
    """How to call both states of the scorer."""
    before, after = changed.before, changed.after
    if before is None or after is None:
        return "the one before", "the one now"
    if before.prompt.version != after.prompt.version:
        return f"v{before.prompt.version}", f"v{after.prompt.version}"
    return "the judge before", "the judge now"


def _arm(report: Report, digest: str) -> Arm | None:
    """On which side a run had this meaning."""
    if report.candidate.digest == digest:
        return "candidate"
    return "baseline" if report.baseline and report.baseline.digest == digest else None


def _by_the_old_one(
    earlier: Report, report: Report, changed: Rescored, suites: Sequence[str]
) -> bool:
    """Whether a run is of this suite, with the scorer as it was before."""
    if earlier.suite not in suites or earlier.run == report.run:
        return False
    if earlier.meta.get("itself") is True or changed.digest is None:
        return False
    found: bool = earlier.meta.get("scorers", {}).get(changed.scorer) == changed.digest
    return found


def _scores(runs: Runs, run: str, arm: Arm, scorer: str, *, kept: bool) -> dict[_Slot, float]:
    """What a scorer said of each answer; with `kept` of those alone that were there before."""
    found: dict[_Slot, float] = {}
    for of, case, index, key, record in runs.samples(run):
        scored = record.scores.get(scorer)
        if of == arm and isinstance(scored, Score) and not (kept and record.source == "made"):
            found[case, index, key] = scored.value
    return found


def _mean(scores: dict[_Slot, float]) -> float:
    """Over cases, of each case's own mean: as reports have it."""
    cases: dict[str, list[float]] = {}
    for (case, _, _), value in scores.items():
        cases.setdefault(case, []).append(value)
    return fmean(fmean(values) for values in cases.values())
