"""How far a judge can be trusted: what it says beside what people say of the same answers.

`judge check --format json` prints a list of these, one for each suite that uses the judge; other
tools read it, so its fields are a contract (`promptops.trust/1`): fields are added, never renamed
or taken away.
"""

from __future__ import annotations

from typing import Literal

import msgspec

SCHEMA = "promptops.trust/1"

Standing = Literal["may gate", "observes", "not known yet"]
"""`may gate`: its agreement with people is known and good enough.  `observes`: known, and not good
enough.  `not known yet`: too few labels, or too uncertain; until then it observes as well."""

Scale = Literal["nominal", "ordinal", "interval"]
Interval = tuple[float, float]


class Measure(msgspec.Struct, frozen=True):
    """A number with its interval, and by which method."""

    name: str
    value: float | None
    """None where it is not defined; `why` says what is missing."""
    interval: Interval | None = None
    """Two-sided, at 95%."""
    method: str = ""
    """What the interval is by."""
    size: int = 0
    """Answers, or pairs, that it is of."""
    why: str = ""


class PeopleReport(msgspec.Struct, frozen=True):
    """Who labelled, and whether they agree with each other."""

    labels: int
    reviewers: dict[str, int]
    """Name to how many labels."""
    answers: int
    """Distinct answers with a label."""
    shared: int = 0
    """Answers that several reviewers labelled."""
    disputed: int = 0
    """Answers of which as many said yes as no: they count for nothing."""
    undecided: int = 0
    """Labels that say `cannot tell`."""
    alpha: Measure | None = None
    """Krippendorff's α of the reviewers; None where no two labelled the same answer."""


class Confusion(msgspec.Struct, frozen=True):
    """Answers by what people and the judge say, each cut at one half."""

    both_yes: int
    judge_no: int
    """People say yes."""
    judge_yes: int
    """People say no."""
    both_no: int


class CanaryReport(msgspec.Struct, frozen=True):
    """An answer that no judge may let pass, and what this one said."""

    name: str
    answer: str
    value: float | None
    """None where it could not be judged."""
    label: str = ""
    explanation: str = ""
    """What the judge said, or why it said nothing."""
    passed: bool = False
    """The judge let it pass: it is wrong."""
    known: bool = True
    """False where the judge could not be asked."""
    shown: str = ""
    """Digest of what the judge was shown; empty where nobody had to be asked."""


class SliceTrust(msgspec.Struct, frozen=True):
    """The answers to cases that carry one tag. A diagnostic, never a bar."""

    tag: str
    answers: int
    accuracy: Measure


class Disagreement(msgspec.Struct, frozen=True):
    """One answer on which the judge and people differ."""

    case: str
    people: float
    judge: float
    label: str = ""
    explanation: str = ""
    """Of the judge."""
    answer: str = ""
    """Its beginning."""


class Example(msgspec.Struct, frozen=True):
    """A labelled answer, and what the judge said of it: its words are in the labels."""

    case: str
    output: str
    """`output_digest` of the answer."""
    people: float
    judge: float
    shown: str = ""
    """Digest of what the judge was shown: an edited prompt may put another question to it."""


class TrustReport(msgspec.Struct, frozen=True):
    """One judge, on the labelled answers of one suite."""

    schema: str
    judge: str
    """The name of its prompt."""
    version: int
    digest: str
    """Of the judge prompt."""
    scorer: str
    """Digest of the scorer: the judge with its options and its model."""
    model: str
    suite: str
    metric: str
    standing: Standing
    reasons: list[str]
    """Why; the weightiest first."""
    settle: str
    """What would settle it, in one sentence; empty where it is settled."""
    people: PeopleReport
    more_labels: int | None = None
    """About how many more would; None where labels would not, or nothing is open."""
    scale: Scale = "nominal"
    """What the judge's values are to α."""
    answers: int = 0
    """Labelled ones that the judge scored."""
    unscored: int = 0
    """Labelled ones of which it could not tell, or said nothing readable."""
    failed: int = 0
    """Labelled ones on which it could not be asked."""
    missing: int = 0
    """Labelled ones whose text is kept nowhere."""
    confusion: Confusion | None = None
    agreement: list[Measure] = []
    """accuracy, sensitivity, specificity, kappa, weighted kappa (of a scale), alpha."""
    position: list[Measure] = []
    """Of a judge of pairs: first-win share − 1/2, and the share of pairs that flip."""
    length: Measure | None = None
    """What twice the length adds to a score beside what people say; None where not known."""
    consistency: Measure | None = None
    """How often the same question is answered otherwise; None where nothing was asked twice."""
    canaries: list[CanaryReport] = []
    examples: list[Example] = []
    """Labelled answers that it is asked about again, to see whether it changed."""
    slices: list[SliceTrust] = []
    disagreements: list[Disagreement] = []
    """A few of them, the widest first."""
    created: str = ""
    """UTC, ISO 8601."""
    first: int = 0
    """The number of its first draw: what it said before it changed behind its name is under others,
    and not used."""
    calls: int = 0
    """Made to judge, for this report."""
    cost_usd: float | None = 0.0
    """What they cost; None where that is unknown."""

    def measure(self, name: str) -> Measure | None:
        """One of the measures of agreement."""
        return next((each for each in self.agreement if each.name == name), None)
