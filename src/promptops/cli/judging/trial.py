"""One trial: every wording on the half that picks, what was picked on the half that tells."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec

from promptops.cli.judging.asking import between, spent
from promptops.cli.judging.variants import Wording
from promptops.engine.drawing import Drawing
from promptops.engine.judging.trying import Trying, unjudged
from promptops.engine.people.labelled_answers import LabelledAnswer
from promptops.engine.preparing import Workplace
from promptops.engine.scoring import EngineServices
from promptops.errors import InputError, NoVerdictError
from promptops.trust.gating import MOST_UNSCORED
from promptops.trust.judged import Key
from promptops.trust.tuning import (
    Candidate,
    Halves,
    Labelled,
    asked_of_all,
    common_scale,
    gained,
    half,
    pick,
    quoted,
    split,
    told,
)
from promptops.values.tuning import SCHEMA, Tried, TuneReport

_RUN = "tune"
"""Begins the names of runs that look at a held-out half: looks are counted by them."""


class Trial:
    """Wordings of one judge, the judge as it is first, and the labels that they are held to."""

    def __init__(
        self,
        place: Workplace,
        wordings: Sequence[Wording],
        *,
        seed: int,
        concurrency: int,
        pinned: bool,
        tell: Callable[[str], None],
    ) -> None:
        self.report: TuneReport | None = None
        self._place = place
        self._wordings = wordings
        self._seed = seed
        self._concurrency = concurrency
        self._pinned = pinned
        self._tell = tell
        self._created = datetime.now(UTC)
        self._run = f"{self._created:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        self._answers: dict[Key, LabelledAnswer] = {}
        self._left_out = 0

    async def run(self, drawing: Drawing) -> None:
        """Ask, pick and tell; `report` has what came of it.

        Raises:
            InputError: labels are wrong, or too few to pick by; nothing was asked.
            NoVerdictError: the judge could not be asked about all that it takes.
        """
        before = spent(drawing.meter)
        halves = self._halves(drawing)
        self._tell(self._beforehand(halves))
        candidates = [await self._picking(each, drawing, halves) for each in self._wordings]
        answers, out = asked_of_all(halves.picking, candidates)
        current = candidates[0]
        if len(current.said) < (1 - MOST_UNSCORED) * len(halves.picking):
            raise NoVerdictError("the judge as it is could not be asked", hint="try again later")
        scale = common_scale(answers, candidates)
        tried = [told(each, answers, scale, out=out.get(each.name, "")) for each in candidates]
        report = self._report(tried, halves)
        if report.outcome != "unchanged":
            picked = next(each for each in candidates if each.name == report.picked)
            report = await self._telling(report, (current, picked), drawing, halves)
        calls, cost_usd = between(before, spent(drawing.meter))
        self.report = msgspec.structs.replace(report, calls=calls, cost_usd=cost_usd)

    def _halves(self, drawing: Drawing) -> Halves:
        """The labelled answers, before anything is asked."""
        trying = self._trying(self._wordings[0], drawing, self._run)
        answers, known = trying.labelled()
        self._answers = {each.key: each for each in answers}
        texts = [
            text
            for each in self._wordings
            for text in (each.loaded.source, *each.loaded.includes.values())
        ]
        clusters = quoted(known, texts)
        left = [each for each in known if each.cluster not in clusters]
        self._left_out = len(known) - len(left)
        halves = split(left, self._seed)
        problem = halves.problem()
        if problem:
            suite = self._wordings[0].use.suite.name
            raise InputError(
                f"too few labels to pick by: {problem}",
                hint=f"label more:  promptops review {suite} -n 100",
            )
        return halves

    def _beforehand(self, halves: Halves) -> str:
        picking, held_out, count = len(halves.picking), len(halves.held_out), len(self._wordings)
        most = max(sum(each.use.scorer.questions.values()) for each in self._wordings)
        calls = most * (picking * count + 2 * held_out)
        return (
            f"{count - 1} variants and the judge as it is: {picking} labelled answers pick,"
            f" {held_out} are held out; about {calls:,} calls at most, and answers are kept"
        )

    async def _picking(self, wording: Wording, drawing: Drawing, halves: Halves) -> Candidate:
        trying = self._trying(wording, drawing, self._run)
        answers = self._to_ask(wording, halves.picking)
        candidate = Candidate(wording.name, wording.about, wording.loaded.digest, wording.current)
        candidate.said = await trying.said(answers)
        for each in await trying.canaries():
            if each.passed:
                candidate.passed.append(each.name)
            elif not each.known:
                candidate.unknown.append(each.name)
        _check_not_stopped(trying)
        return candidate

    async def _telling(
        self,
        report: TuneReport,
        both: tuple[Candidate, Candidate],
        drawing: Drawing,
        halves: Halves,
    ) -> TuneReport:
        """The held-out half, asked of the judge as it is and of what was picked alone."""
        run, looks = self._look(report)
        for candidate in both:
            wording = next(each for each in self._wordings if each.name == candidate.name)
            trying = self._trying(wording, drawing, self._run if candidate.current else run)
            candidate.said |= await trying.said(self._to_ask(wording, halves.held_out))
            _check_not_stopped(trying)
        known = [each for each in halves.held_out if all(each.key in of.said for of in both)]
        if len(known) < (1 - MOST_UNSCORED) * len(halves.held_out):
            lacking = len(halves.held_out) - len(known)
            raise NoVerdictError(f"{lacking} held-out answers could not be judged")
        scale = common_scale([*halves.picking, *known], both)
        found = gained(*both, known, scale, looks)
        best = next(each for each in report.tried if each.name == report.picked).alpha.value
        after = found.after.value
        return msgspec.structs.replace(
            report,
            outcome=found.outcome,
            reasons=found.reasons,
            settle=found.settle,
            before=found.before,
            after=found.after,
            gain=found.gain,
            optimism=None if best is None or after is None else best - after,
            looks=looks,
            level=found.level,
            held_out=half(known),
            scale=scale,
        )

    def _report(self, tried: list[Tried], halves: Halves) -> TuneReport:
        """What the picking half says."""
        current = self._wordings[0]
        assert current.use.scorer.judge is not None
        name, version, digest = current.use.scorer.judge
        picked = pick(tried)
        others = sorted(tried[1:], key=lambda each: (bool(each.out), -(each.alpha.value or 0.0)))
        wording = next(each for each in self._wordings if each.name == picked.name)
        reason, settle = _kept_as_it_is(tried[0])
        return TuneReport(
            schema=SCHEMA,
            judge=name,
            version=version,
            digest=digest,
            model=", ".join(current.use.scorer.models),
            suite=current.use.suite.name,
            metric=current.use.metric,
            seed=self._seed,
            scale="nominal",
            picking=half(halves.picking),
            held_out=half(halves.held_out),
            tried=[tried[0], *others],
            picked=picked.name,
            outcome="unchanged" if picked.current else "not known",
            reasons=[reason],
            settle=settle,
            left_out=self._left_out,
            source=wording.loaded.source,
            created=self._created.isoformat(timespec="seconds"),
        )

    def _look(self, report: TuneReport) -> tuple[str, int]:
        """The run that this look is written down under, and the how-manieth look it is.

        Whoever splits the same labels again, by another seed or for other variants, looks again;
        the same variant looked at again is one look.
        """
        of = f"{report.judge}\0{report.suite}\0{report.metric}"
        labels = hashlib.sha256(of.encode("utf-8", "replace")).hexdigest()[:8]
        picked = next(each for each in report.tried if each.name == report.picked)
        run = f"{_RUN}-{labels}-{picked.digest[:12]}"
        rows = self._place.store.ledger.spent(["run"])
        before = {str(row.key[0]) for row in rows}
        looks = {each for each in before if each.startswith(f"{_RUN}-{labels}-")}
        return run, len(looks | {run})

    def _to_ask(self, wording: Wording, half_: Sequence[Labelled]) -> list[LabelledAnswer]:
        """What runs had from the judge as it is counts for it, and for no other wording."""
        found = [self._answers[each.key] for each in half_]
        return found if wording.current else [unjudged(each) for each in found]

    def _trying(self, wording: Wording, drawing: Drawing, run: str) -> Trying:
        suite = wording.use.suite.name
        services = EngineServices(drawing, wording.access, run=run, suite=suite)
        return Trying(wording.use, self._place, services, self._concurrency, pinned=self._pinned)


def _kept_as_it_is(current: Tried) -> tuple[str, str]:
    """Why nothing else was picked, and what to do: a judge that is out is not to be kept."""
    if current.out:
        return (
            f"no wording can be picked; as it is, {current.out}",
            "change the rubric or the model, and try again",
        )
    return (
        "no variant agreed better with people than the judge as it is",
        "keep it, or write other variants",
    )


def _check_not_stopped(trying: Trying) -> None:
    if trying.stopped:
        stopped = trying.stopped
        raise NoVerdictError(
            f"stopped before its end: {stopped.message}",
            hint=stopped.hint or "the same command goes on where it stopped",
        )
