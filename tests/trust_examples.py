"""Reports on judges, for tests of what is made of them."""

from __future__ import annotations

from promptops.values.trust import (
    SCHEMA,
    CanaryReport,
    Confusion,
    Disagreement,
    Measure,
    PeopleReport,
    SliceTrust,
    Standing,
    TrustReport,
)


def report(standing: Standing = "may gate", hostile: str = "") -> TrustReport:
    """Everything filled; `hostile` stands in every text that others may have written."""
    return TrustReport(
        schema=SCHEMA,
        judge="judges/right" + hostile,
        version=3,
        digest="d" * 64,
        scorer="s1",
        model="openai/judge" + hostile,
        suite="write" + hostile,
        metric="right" + hostile,
        standing=standing,
        reasons=[f"it is so: {standing}" + hostile],
        settle="" if standing == "may gate" else "label 30 more answers",
        people=PeopleReport(
            labels=130,
            reviewers={"Ana Ficta" + hostile: 100, "Bo Example": 30},
            answers=110,
            shared=20,
            disputed=2,
            undecided=1,
            alpha=Measure("alpha", 0.8, (0.6, 0.9), "BCa", 20),
        ),
        answers=100,
        unscored=3,
        failed=1,
        missing=2,
        confusion=Confusion(60, 5, 7, 28),
        agreement=[
            Measure("accuracy", 0.88, (0.8, 0.93), "Wilson", 100),
            Measure("sensitivity", 0.92, (0.83, 0.97), "Wilson", 65),
            Measure("specificity", None, why="people let no answer fail" + hostile),
            Measure("alpha", 0.74, (-0.1, 0.85), "BCa", 100),
        ],
        position=[
            Measure("first wins - 1/2", 0.08, (0.02, 0.14), "Wilson", 90),
            Measure("flips", 0.2, (0.12, 0.3), "Wilson", 90),
        ],
        length=Measure("length", 0.04, (0.01, 0.07), "least squares", 100),
        consistency=Measure("changes", 0.05, (0.02, 0.12), "Wilson", 100),
        canaries=[
            CanaryReport("empty", "", 0.0, "empty"),
            CanaryReport("an order", "x" + hostile, 1.0, "right", "why" + hostile, passed=True),
        ],
        slices=[SliceTrust("hard" + hostile, 20, Measure("accuracy", 0.7, (0.5, 0.85), "", 20))],
        disagreements=[
            Disagreement("c1" + hostile, 0.0, 1.0, "right", "It is." + hostile, "poor 1" + hostile)
        ],
        created="2026-05-01T10:00:00+00:00",
        calls=106,
        cost_usd=None,
    )
