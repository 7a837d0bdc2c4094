"""What an evaluation of one suite came to: the object behind every report format.

`eval --format json` prints a list of these; other tools read it, so its fields are a contract
(`promptops.report/1`): fields are added, never renamed or taken away.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from promptops.values.score import Role

SCHEMA = "promptops.report/1"

Verdict = Literal["improved", "passed", "regressed", "inconclusive", "invalid"]
Change = Literal["broken", "fixed", "worse", "better", "same"]
Interval = tuple[float, float]


class Tokens(msgspec.Struct, frozen=True):
    """Token counts, as the providers reported them."""

    input: int = 0
    output: int = 0
    cached_input: int = 0
    unmetered: int = 0
    """Answers of which the provider did not say it; the counts are without them."""


class ArmReport(msgspec.Struct, frozen=True):
    """One side of the comparison."""

    version: int
    digest: str
    commit: str | None
    dirty: bool
    samples: int
    failures: int
    """Samples that the infrastructure lost; a version's own failures are scores of zero."""
    own_failures: dict[str, int] = {}
    """Label (`refused`, `truncated`, `bad_schema`) to how many samples."""
    tokens: Tokens = Tokens()
    cost_usd: float | None = None
    """Of all its samples, at their original price; None where any price is unknown."""
    latency_seconds: float | None = None
    """Median over its samples."""
    change: str = ""
    """Why this version exists, in its author's words."""


class LookReport(msgspec.Struct, frozen=True):
    """What a metric looked like after one of the looks."""

    pairs: int
    delta: float
    interval: Interval


class VarianceReport(msgspec.Struct, frozen=True):
    """Where the variance of a metric's paired differences comes from."""

    total: float
    """Of one difference."""
    between: float | None = None
    """Of the cases' expected differences; None where there is one sample a case."""
    within: float | None = None
    """Of one case's differences: the model's chance, and a judge's."""
    judge: float | None = None
    """The judge's part of it; None where no answer was judged twice."""


class MetricReport(msgspec.Struct, frozen=True):
    """One scorer's comparison: means over its pairs, in [0, 1]; delta is candidate − baseline.

    Where nothing is compared: the mean over cases of their means.
    """

    name: str
    role: Role
    candidate: float | None
    """None when not one sample could be scored."""
    baseline: float | None = None
    delta: float | None = None
    interval: Interval | None = None
    """Of the delta on this dataset: one-sided level alpha at each end, over all looks together."""
    population_interval: Interval | None = None
    """Of the delta over cases like these."""
    pairs: int = 0
    verdict: Verdict | None = None
    """None where the metric only observes."""
    unscorable: int = 0
    judge: str | None = None
    """Digest of the judge that scored it."""
    note: str = ""
    material: bool = False
    """It regressed, and surely by more than the margin."""
    small_drop: bool = False
    """It passed, though there surely is a drop, within the margin."""
    p_value: float | None = None
    """Of a drop, by Holm's procedure over the gating metrics and over all looks; None for one
    gating metric, and where nothing regressed."""
    variance: VarianceReport | None = None
    path: list[LookReport] = []
    """The estimate after each look."""
    corrected_delta: float | None = None
    """The delta put right by people's labels; None where fewer than 50 pairs are labelled."""
    corrected_interval: Interval | None = None
    """Of the corrected delta: one-sided level alpha at each end, one final look."""
    labels: int = 0
    """Pairs of which people labelled both answers."""


class SliceReport(msgspec.Struct, frozen=True):
    """One metric on the cases that carry a tag. A diagnostic, never a gate."""

    tag: str
    metric: str
    cases: int
    candidate: float | None
    baseline: float | None = None
    delta: float | None = None
    e_value: float | None = None
    """Evidence that it fell: a factor, 1 for none."""
    fell: bool = False
    """Surely worse, with at most one in ten of those that are called so called wrongly."""


class Budget(msgspec.Struct, frozen=True):
    """What a comparison planned to look at, and what it could see."""

    planned_pairs: int
    pairs: int
    """Paired samples when it ended."""
    planned_looks: int
    looks: int
    detectable: float | None = None
    """The smallest drop that the planned pairs see with probability 0.8, by the measured noise."""
    saved_calls: int = 0
    """Answers that were planned and not needed."""
    saved_usd: float | None = None
    """What they would have cost; None where that is unknown."""
    extended: bool = False
    """It went on beyond the plan."""


class NextStep(msgspec.Struct, frozen=True):
    """What would settle an open question."""

    command: str
    calls: int
    """About how many more; judges aside."""
    usd: float | None = None
    """What they would cost; None where that is unknown."""


class Calls(msgspec.Struct, frozen=True):
    """Where the answers of a run came from."""

    planned: int = 0
    """Samples to be had at most: one that both arms share counts once, judges do not count."""
    made: int = 0
    """Calls to models that this run made, those to score and further attempts included."""
    cached: int = 0
    """Samples that the store had: nothing was asked, nothing paid."""
    shared: int = 0
    """Samples drawn once for both arms, because both would send the same request."""
    retried: int = 0
    """Attempts after a failed one."""
    judge: int = 0
    """How many of the calls made were to score: for judges, or for embeddings."""
    unscored: int = 0
    """Answers that are kept and could not be scored yet: the run stopped before."""


class Cost(msgspec.Struct, frozen=True):
    """US dollars."""

    incurred_usd: float = 0.0
    """Paid by this run."""
    evaluated_usd: float = 0.0
    """What its answers cost once, kept ones and those to score included."""
    unpriced_calls: int = 0
    """Answers whose price is not known; both amounts are without them."""
    at_risk_usd: float = 0.0
    """The most that calls may have cost of which no answer came back; the other amounts are without
    it."""
    budget_usd: float | None = None
    """What the run was allowed to spend; None for no limit."""


class EconomyReport(msgspec.Struct, frozen=True):
    """What the candidate uses beside the baseline, over the pairs that both have."""

    name: Literal["cost", "tokens", "latency"]
    unit: Literal["usd", "tokens", "seconds"]
    baseline: float | None
    """Mean over cases, of the pairs known on both sides; None where there are none."""
    candidate: float | None
    increase: float | None
    """candidate / baseline − 1; None where it cannot be told."""
    interval: Interval | None = None
    """Of the increase: one-sided level alpha at each end."""
    pairs: int = 0
    missing: int = 0
    """Pairs of which a side is unknown."""
    limit: float | None = None
    """The most that the gate lets it rise; None where it only observes."""
    verdict: Verdict | None = None
    """None where it only observes."""


class CaseReport(msgspec.Struct, frozen=True):
    """One case: weighted mean of its gating scores on both arms."""

    id: str
    change: Change
    baseline: float | None
    candidate: float | None
    baseline_output: str | None = None
    """One sample's text, for cases that changed; None elsewhere."""
    candidate_output: str | None = None
    scores: dict[str, tuple[float | None, float | None]] = {}
    """Scorer name to (baseline mean, candidate mean), for cases that changed."""
    why: str = ""
    """What a scorer said of the arm that did worse."""
    critical: bool = False


class Report(msgspec.Struct, frozen=True):
    """One suite, one model, two arms (or one, for a first version)."""

    schema: str
    run: str
    suite: str
    prompt: str
    verdict: Verdict
    exit_code: int
    reasons: list[str]
    baseline: ArmReport | None
    candidate: ArmReport
    metrics: list[MetricReport]
    calls: Calls
    tokens: Tokens
    cost: Cost
    cases: list[CaseReport]
    model: str = ""
    created: str = ""
    """UTC, ISO 8601."""
    seconds: float = 0.0
    slices: list[SliceReport] = []
    changes: list[str] = []
    """What differs between the arms or since the last run besides the prompt's words."""
    warnings: list[str] = []
    economy: list[EconomyReport] = []
    """Empty where nothing is compared."""
    budget: Budget | None = None
    """None where nothing is compared."""
    next_step: NextStep | None = None
    """None where there is a verdict, or nothing of use to do."""
    meta: dict[str, Any] = {}
    """What a recomputation needs: seed, margin, alpha, dataset fingerprint, scorer digests."""
