"""Example reports, one for each way an evaluation can end, and one that means harm."""

from __future__ import annotations

from typing import Any

import msgspec

from promptops.values.report import (
    SCHEMA,
    ArmReport,
    Calls,
    CaseReport,
    Cost,
    MetricReport,
    Report,
    SliceReport,
    Tokens,
)

CITIES = ["Lyon", "Osaka", "Quito", "Tromsø", "Accra", "Hobart", "Cusco", "Turku"]

CANARIES = {
    "escape": "\x1b[2J\x1b[31mred\x1b]0;owned\x07",
    "hyperlink": "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "c1": "\x9b31m\x9d0;owned\x9c\x85\x90",
    "carriage": "safe\rforged\x08\x08\x7f\x00\x0b\x0c",
    "bidi": "abc\u202edcba\u202c\u2066x\u2069\u200f\u061c",
    "unseen": "a\u200bb\u2060c\ufeffd\u00ade\U000e0041\u3164f\u2028g\u2029h\ue000",
    "surrogate": "half \ud800 and \udfff",
    "markup": "[bold red]x[/bold red] [link=http://evil.example]y[/link] [/] :smile: [@click=quit]",
    "command": "::add-mask::secret\n::error file=a,line=1::boo\n##[add-mask]x ##vso[task.set]y",
    "html": "</script><img src=x onerror=alert(1)><!-- & -->]]>",
    "formula": "=cmd()|'/C calc'!A0\n+1\n-1\n@SUM(1)",
    "mention": "@team fixes #1",
    "fence": "````\n```\n~~~\n| a | b |\n</details>",
    "wide": "日本語のテスト 👩‍👩‍👧 ❤️ 🇳🇴 e" + "\u0301" * 50,
    "long": "word " * 14_000,
    "unbroken": "x" * 70_000,
    "fold": "".join("y" * n + "::error::z " for n in range(20, 110)),
}
"""What a report may be handed; each must come out inert in every format."""


META = {
    "seed": 7,
    "samples": 5,
    "margin": 0.05,
    "alpha": 0.05,
    "inconclusive": "warn",
    "dataset": "evals/extract-city.jsonl",
    "dataset_fingerprint": "90ab" * 16,
    "dataset_cases": 24,
    "tags": [],
    "cases": 24,
    "alone": False,
    "scorers": {"exact": "e5ac" * 16},
    "baseline_chosen": "the last commit",
}


def arm(version: int, **changes: Any) -> ArmReport:
    return msgspec.structs.replace(
        ArmReport(
            version=version,
            digest=f"{version:x}1c9e4ab" * 8,
            commit=f"{version:x}d4f00ba" * 5,
            dirty=False,
            samples=120,
            failures=0,
            tokens=Tokens(input=12_340, output=1_204),
            cost_usd=0.0123,
            latency_seconds=0.312,
        ),
        **changes,
    )


def metric(
    name: str = "exact",
    baseline: float | None = 0.20,
    candidate: float | None = 0.82,
    interval: tuple[float, float] | None = (0.55, 0.69),
    **changes: Any,
) -> MetricReport:
    delta = None
    if baseline is not None and candidate is not None:
        delta = round(candidate - baseline, 6)
    made = MetricReport(
        name=name,
        role="gate",
        baseline=baseline,
        candidate=candidate,
        delta=delta,
        interval=interval,
        pairs=120 if interval else 0,
    )
    return msgspec.structs.replace(made, **changes)


def case(at: int, change: Any = "same", **changes: Any) -> CaseReport:
    scores = {
        "broken": (1.0, 0.0),
        "fixed": (0.0, 1.0),
        "worse": (0.9, 0.6),
        "better": (0.4, 0.8),
        "same": (1.0, 1.0),
    }
    baseline, candidate = scores[change]
    city = CITIES[at % len(CITIES)]
    made = CaseReport(id=f"city-{at:03}", change=change, baseline=baseline, candidate=candidate)
    if change != "same":
        wrong = f"The message is about a trip.\nThe writer may be in {city}, but does not say so."
        outputs = (city, wrong) if change in {"broken", "worse"} else (wrong, city)
        made = msgspec.structs.replace(
            made,
            baseline_output=outputs[0],
            candidate_output=outputs[1],
            scores={"exact": (baseline, candidate)},
            why=f"expected {city!r}" if change in {"broken", "worse"} else "",
        )
    return msgspec.structs.replace(made, **changes)


def cases(**counts: int) -> list[CaseReport]:
    """So many cases of each change, numbered through."""
    kinds = [kind for kind, count in counts.items() for _ in range(count)]
    return [case(at + 1, kind) for at, kind in enumerate(kinds)]


def _report(**fields: Any) -> Report:
    defaults: dict[str, Any] = {
        "schema": SCHEMA,
        "run": "20261002-0915-7f3a",
        "suite": "extract-city",
        "prompt": "extract-city",
        "verdict": "passed",
        "exit_code": 0,
        "reasons": [],
        "baseline": arm(1),
        "candidate": arm(2, change="Show three worked examples."),
        "metrics": [metric()],
        "calls": Calls(planned=240, made=238, cached=4, retried=2),
        "tokens": Tokens(input=24_680, output=2_408),
        "cost": Cost(incurred_usd=0.0241, evaluated_usd=0.0246),
        "cases": cases(same=24),
        "model": "example/small-1",
        "created": "2026-10-02T09:15:04Z",
        "seconds": 41.2,
        "meta": META,
    }
    return Report(**(defaults | fields))


def improved() -> Report:
    return _report(
        verdict="improved",
        reasons=["exact rose by 62.0 points (55.0 to 69.0)"],
        candidate=arm(
            2,
            change="Show three worked examples.",
            tokens=Tokens(input=31_900, output=480),
            cost_usd=0.0152,
            latency_seconds=0.204,
        ),
        metrics=[
            metric(verdict="improved", population_interval=(0.51, 0.73)),
            metric("similarity", 0.41, 0.86, (0.39, 0.51), role="observe"),
        ],
        slices=[
            SliceReport(
                tag="letter", metric="exact", cases=9, candidate=0.9, baseline=0.1, delta=0.8
            ),
            SliceReport(
                tag="slang", metric="exact", cases=4, candidate=0.5, baseline=0.4, delta=0.1
            ),
        ],
        cases=cases(broken=1, fixed=15, better=3, same=5),
    )


def passed() -> Report:
    return _report(
        reasons=["exact surely fell by less than 5 points"],
        metrics=[metric(baseline=0.81, candidate=0.82, interval=(-0.031, 0.048), verdict="passed")],
        candidate=arm(2, dirty=True, commit=None),
        cases=cases(worse=1, better=2, same=21),
    )


def regressed() -> Report:
    broken = [
        case(1, "broken", critical=True),
        case(2, "broken", candidate_output="", why="empty answer"),
        case(
            3,
            "broken",
            scores={"exact": (1.0, 0.0), "short": (1.0, 1.0), "faithful": (0.9, 0.3)},
            candidate_output="Kyoto 京都 was lovely 🌸, and so was Ōsaka 大阪. " * 12,
        ),
        *(case(at, "broken") for at in range(4, 13)),
    ]
    return _report(
        verdict="regressed",
        exit_code=1,
        reasons=["exact fell by 11.0 points (6.0 to 16.0)", "critical case city-001 broke"],
        candidate=arm(3, samples=280, failures=1, own_failures={"truncated": 6, "refused": 1}),
        baseline=arm(2, samples=280, own_failures={"truncated": 2}),
        metrics=[
            metric(
                baseline=0.82,
                candidate=0.71,
                interval=(-0.16, -0.06),
                population_interval=(-0.19, -0.03),
                verdict="regressed",
                pairs=279,
            ),
            metric("short", 0.97, 0.98, (-0.01, 0.03), verdict="passed", pairs=279),
            metric(
                "faithful",
                0.90,
                0.885,
                (-0.05, 0.02),
                role="observe",
                judge="5be1" * 16,
                unscorable=3,
                pairs=276,
                note="observes: this judge's agreement with people has not been measured",
            ),
        ],
        cases=[*broken, *cases(fixed=4, same=40)],
        calls=Calls(planned=520, made=985, cached=20, shared=40, retried=5, judge=480),
        changes=["the dataset changed since the last run", "scorer faithful: 1b2c3d4e → 5be15be1"],
        warnings=["candidate: 236 answers came from example/small-1-0901"],
        cost=Cost(incurred_usd=1.204, evaluated_usd=1.31, unpriced_calls=12),
        meta=META | {"cases": 56, "dataset_cases": 56},
    )


def inconclusive() -> Report:
    return _report(
        verdict="inconclusive",
        exit_code=0,
        reasons=[
            "exact lies between -8.0 and +4.0 points: neither a sure drop nor surely above −5"
        ],
        metrics=[
            metric(baseline=0.80, candidate=0.78, interval=(-0.08, 0.04), verdict="inconclusive")
        ],
        baseline=arm(1, cost_usd=None, latency_seconds=None),
        candidate=arm(2, cost_usd=None, latency_seconds=None),
        cost=Cost(unpriced_calls=236),
        cases=cases(broken=2, fixed=1, same=21),
    )


def invalid() -> Report:
    return _report(
        verdict="invalid",
        exit_code=3,
        reasons=["exact: 9 of 120 pairs are missing (calls lost: 0 baseline, 9 candidate)"],
        candidate=arm(2, failures=9),
        metrics=[metric(verdict="invalid", pairs=111)],
        warnings=["candidate: 9 calls failed: timeout: no answer within 60 s"],
    )


def first_version() -> Report:
    return _report(
        verdict="inconclusive",
        reasons=["first version: nothing to compare with yet"],
        baseline=None,
        candidate=arm(1, cost_usd=0.0, change="Name the city."),
        metrics=[metric(baseline=None, interval=None)],
        calls=Calls(planned=120, made=120),
        cost=Cost(),
        slices=[
            SliceReport(tag="letter", metric="exact", cases=9, candidate=0.9),
            SliceReport(tag="slang", metric="exact", cases=4, candidate=0.5),
        ],
        cases=[msgspec.structs.replace(one, baseline=None) for one in cases(same=24)],
        meta=META | {"baseline_chosen": ""},
    )


def alone() -> Report:
    return msgspec.structs.replace(
        first_version(),
        reasons=["scored alone: compared with nothing"],
        candidate=arm(2, change="Show three worked examples."),
        meta=META | {"alone": True, "baseline_chosen": ""},
    )


def stopped() -> Report:
    """A budget that was spent in the middle."""
    had = [*cases(broken=1, same=5)]
    unseen = [
        msgspec.structs.replace(case(at), baseline=1.0 if at < 9 else None, candidate=None)
        for at in range(7, 25)
    ]
    return _report(
        verdict="invalid",
        exit_code=3,
        reasons=[
            "stopped before its end: the budget of 20 calls is spent before a verdict was reached",
            "what was paid for is kept: a larger budget goes on from here",
        ],
        baseline=arm(1, samples=8, tokens=Tokens(820, 80), cost_usd=0.0008),
        candidate=arm(2, samples=6, tokens=Tokens(610, 64), cost_usd=0.0006),
        metrics=[
            metric(
                baseline=0.88,
                candidate=0.67,
                interval=(-0.44, 0.19),
                population_interval=(-0.62, 0.37),
                pairs=6,
                verdict="inconclusive",
            ),
            metric("faithful", None, None, None, role="observe"),
        ],
        calls=Calls(planned=240, made=20, retried=2, judge=4),
        cost=Cost(incurred_usd=0.0014, evaluated_usd=0.0014),
        cases=[*had, *unseen],
        meta=META | {"stopped": True},
    )


def stopped_at_once() -> Report:
    """No call could succeed."""
    report = stopped()
    nothing = {"samples": 0, "tokens": Tokens(), "cost_usd": 0.0, "latency_seconds": None}
    return msgspec.structs.replace(
        report,
        reasons=[
            "stopped before its end: example/small-1: the key is not accepted",
            "no other call can succeed either, so the run stopped; what was paid for is kept",
        ],
        baseline=arm(1, **nothing),
        candidate=arm(2, **nothing),
        metrics=[metric(baseline=None, candidate=None, interval=None)],
        slices=[SliceReport(tag="letter", metric="exact", cases=9, candidate=None)],
        calls=Calls(planned=240, made=1),
        cost=Cost(),
        cases=[msgspec.structs.replace(case(at), baseline=None, candidate=None) for at in range(4)],
    )


def two_models() -> list[Report]:
    other = msgspec.structs.replace(
        regressed(), model="example/large-2", candidate=arm(3, cost_usd=2.5, latency_seconds=1.84)
    )
    return [improved(), other]


def several_suites() -> list[Report]:
    second = msgspec.structs.replace(passed(), suite="answer-from-context", prompt="answer")
    return [improved(), second, msgspec.structs.replace(invalid(), suite="extract-order")]


def hostile(text: str) -> Report:
    """Every text that a report can hold is this one."""
    told = MetricReport(
        name=text,
        role="gate",
        baseline=0.8,
        candidate=0.7,
        delta=-0.1,
        interval=(-0.2, -0.01),
        pairs=20,
        verdict="regressed",
        judge=text,
        note=text,
        unscorable=1,
    )
    sliced = SliceReport(tag=text, metric=text, cases=3, candidate=0.1, baseline=0.2, delta=-0.1)
    shown = CaseReport(
        id=text,
        change="broken",
        baseline=1.0,
        candidate=0.0,
        baseline_output=text,
        candidate_output=text,
        scores={text: (1.0, 0.0), "b" + text: (1.0, 0.0)},
        why=text,
    )
    arms = [arm(at, change=text, own_failures={text: 1}) for at in (1, 2)]
    return _report(
        run=text,
        suite=text,
        prompt=text + "p",
        model=text,
        created=text,
        verdict="regressed",
        exit_code=1,
        reasons=[text, text],
        baseline=arms[0],
        candidate=arms[1],
        metrics=[told],
        slices=[sliced],
        cases=[shown],
        changes=[text],
        warnings=[text],
        meta={"alpha": 0.05, "stopped": True, text: text},
    )


def every_example() -> dict[str, list[Report]]:
    """All of them by name, as lists that a format can be handed."""
    return {
        "improved": [improved()],
        "passed": [passed()],
        "regressed": [regressed()],
        "inconclusive": [inconclusive()],
        "invalid": [invalid()],
        "first_version": [first_version()],
        "alone": [alone()],
        "stopped": [stopped()],
        "stopped_at_once": [stopped_at_once()],
        "two_models": two_models(),
        "several_suites": several_suites(),
        "none": [],
        **{f"hostile_{name}": [hostile(text)] for name, text in CANARIES.items()},
    }
