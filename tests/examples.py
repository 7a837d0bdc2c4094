"""Example reports, one for each way an evaluation can end, and one that means harm."""

from __future__ import annotations

from typing import Any

import msgspec

from promptops.values.report import (
    SCHEMA,
    ArmReport,
    Budget,
    Calls,
    CaseReport,
    Cost,
    EconomyReport,
    LookReport,
    MetricReport,
    NextStep,
    Report,
    SliceReport,
    Tokens,
    VarianceReport,
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
    "planned_samples": 5,
    "margin": 0.05,
    "alpha": 0.05,
    "inconclusive": "warn",
    "estimand": "dataset",
    "guarantee": "standard",
    "dataset": "evals/extract-city.jsonl",
    "dataset_fingerprint": "90ab" * 16,
    "dataset_cases": 24,
    "tags": [],
    "cases": 24,
    "alone": False,
    "itself": False,
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


def budget(**changes: Any) -> Budget:
    """What 24 cases with 5 samples plan, looked at to the end."""
    return msgspec.structs.replace(
        Budget(planned_pairs=120, pairs=120, planned_looks=23, looks=23, detectable=0.0631),
        **changes,
    )


def economy(limits: dict[str, float] | None = None, **changes: Any) -> list[EconomyReport]:
    """A candidate that costs and writes more, and answers as fast; held to some limits."""
    made = [
        EconomyReport("cost", "usd", 0.0001025, 0.0001267, 0.236, (0.207, 0.268), 120),
        EconomyReport("tokens", "tokens", 112.9, 269.8, 1.39, (1.36, 1.42), 120),
        EconomyReport("latency", "seconds", 0.331, 0.324, -0.021, (-0.094, 0.061), 120),
    ]
    fields = [
        {"limit": (limits or {}).get(each.name), **changes.get(each.name, {})} for each in made
    ]
    return [msgspec.structs.replace(each, **more) for each, more in zip(made, fields, strict=True)]


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
        "budget": budget(),
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
        economy=economy(
            latency={"candidate": 0.221, "increase": -0.332, "interval": (-0.405, -0.248)}
        ),
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
        reasons=["exact surely did not fall by 5 points or more"],
        metrics=[metric(baseline=0.81, candidate=0.82, interval=(-0.031, 0.048), verdict="passed")],
        candidate=arm(2, dirty=True, commit=None),
        cases=cases(worse=1, better=2, same=21),
    )


def dearer() -> Report:
    """No worse, and too dear: it may cost a quarter more."""
    cost = {"increase": 0.41, "interval": (0.362, 0.4712), "candidate": 0.0001445}
    return msgspec.structs.replace(
        passed(),
        verdict="regressed",
        exit_code=1,
        reasons=[
            "cost rose by 41% (+36% to +47%), more than the 25% that the gate allows",
            "exact surely did not fall by 5 points or more",
        ],
        candidate=arm(3, cost_usd=0.01734, dirty=True, commit=None),
        economy=economy(
            {"cost": 0.25, "latency": 0.1},
            cost=cost | {"verdict": "regressed"},
            tokens={"candidate": 113.4, "increase": 0.0044, "interval": (-0.013, 0.022)},
            latency={"verdict": "passed", "missing": 2, "pairs": 118},
        ),
        cost=Cost(incurred_usd=0.0312, evaluated_usd=0.0296, at_risk_usd=0.00041, budget_usd=2.0),
    )


def perhaps_dearer() -> Report:
    """No worse, and it cannot be told whether it costs a quarter more."""
    return msgspec.structs.replace(
        passed(),
        verdict="inconclusive",
        reasons=[
            "cost is undecided: +24% (+21% to +27%), where the gate allows 25%",
            "exact surely did not fall by 5 points or more",
        ],
        economy=economy({"cost": 0.25}, cost={"verdict": "inconclusive"}),
        cost=Cost(incurred_usd=0.0312, evaluated_usd=0.0312, budget_usd=0.5),
    )


def unpriced() -> Report:
    """What it costs is to be held to a limit, and too many answers came back without a price."""
    unknown = {"baseline": None, "candidate": None, "increase": None, "interval": None}
    lost = unknown | {"pairs": 0, "missing": 120, "verdict": "invalid"}
    return msgspec.structs.replace(
        passed(),
        verdict="invalid",
        exit_code=3,
        reasons=[
            "cost is not known of 120 of 120 pairs: too many for a verdict",
            "exact surely did not fall by 5 points or more",
        ],
        baseline=arm(1, cost_usd=None),
        candidate=arm(2, cost_usd=None),
        economy=economy({"cost": 0.25}, cost=lost),
        cost=Cost(unpriced_calls=238, at_risk_usd=0.0004, budget_usd=2.0),
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
                p_value=0.0124,
                variance=VarianceReport(total=0.1544, between=0.01, within=0.1444),
            ),
            metric("short", 0.97, 0.98, (-0.01, 0.03), verdict="passed", pairs=279, p_value=1.0),
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
        budget=budget(planned_pairs=280, pairs=279, planned_looks=25, looks=25, detectable=0.071),
        meta=META | {"cases": 56, "dataset_cases": 56},
    )


def early() -> Report:
    """Worse, and so clearly that more than half of the calls were not needed."""
    seen = [*cases(broken=17, fixed=2, worse=3, same=120)]
    unseen = [
        msgspec.structs.replace(case(at), baseline=None, candidate=None) for at in range(143, 201)
    ]
    told = metric(
        baseline=0.86,
        candidate=0.748,
        interval=(-0.158, -0.063),
        population_interval=(-0.171, -0.053),
        verdict="regressed",
        material=True,
        pairs=142,
        variance=VarianceReport(total=0.152),
        path=[
            LookReport(40, -0.15, (-0.32, 0.02)),
            LookReport(80, -0.125, (-0.22, -0.03)),
            LookReport(142, -0.112, (-0.158, -0.063)),
        ],
    )
    return _report(
        verdict="regressed",
        exit_code=1,
        reasons=["exact fell by 11.2 points (6.3 to 15.8): more than the margin of 5 points"],
        baseline=arm(1, samples=142),
        candidate=arm(2, samples=142, change="Name the city in one word."),
        metrics=[told],
        slices=[
            SliceReport("letter", "exact", 90, 0.9, 0.95, -0.05, 1.3),
            SliceReport("slang", "exact", 60, 0.51, 0.81, -0.30, 84.0, fell=True),
            SliceReport("short", "exact", 2, 0.0, 0.5, -0.50, 1.1),
        ],
        calls=Calls(planned=2000, made=285, retried=1),
        cases=[*seen, *unseen],
        budget=budget(
            planned_pairs=1000,
            pairs=142,
            planned_looks=25,
            looks=3,
            detectable=0.0312,
            saved_calls=1716,
            saved_usd=0.4118,
        ),
        meta=META | {"cases": 200, "dataset_cases": 200},
    )


def small_drop() -> Report:
    """Passed, though something was surely lost; under the strict guarantee."""
    told = metric(
        baseline=0.951, candidate=0.939, interval=(-0.02, -0.004), verdict="passed", small_drop=True
    )
    return _report(
        reasons=["exact surely did not fall by 5 points or more, though it surely fell"],
        metrics=[
            told,
            metric("short", 0.97, 0.98, (-0.01, 0.03), verdict="passed"),
        ],
        budget=budget(saved_calls=40, saved_usd=None, pairs=100, looks=19),
        calls=Calls(planned=240, made=0, cached=200),
        meta=META | {"guarantee": "strict"},
    )


def inconclusive() -> Report:
    return _report(
        verdict="inconclusive",
        exit_code=0,
        reasons=[
            "exact lies between -8.0 and +4.0 points: neither a sure drop nor surely above −5"
        ],
        metrics=[
            metric(
                baseline=0.80,
                candidate=0.78,
                interval=(-0.08, 0.04),
                population_interval=(-0.11, 0.07),
                verdict="inconclusive",
                variance=VarianceReport(0.17, between=0.02, within=0.15, judge=0.01),
            )
        ],
        next_step=NextStep("promptops eval extract-city --extend", 180),
        baseline=arm(1, cost_usd=None, latency_seconds=None),
        candidate=arm(2, cost_usd=None, latency_seconds=None),
        cost=Cost(unpriced_calls=236),
        cases=cases(broken=2, fixed=1, same=21),
    )


def first_impression() -> Report:
    """One sample of five: too few pairs for any pass, and the rest of the plan is left."""
    told = metric(
        baseline=0.80,
        candidate=0.75,
        interval=(-0.31, 0.21),
        verdict="inconclusive",
        pairs=24,
        variance=VarianceReport(total=0.12),
    )
    return _report(
        verdict="inconclusive",
        reasons=["exact: 24 pairs are too few for any pass; 59 are needed"],
        metrics=[told],
        baseline=arm(1, samples=24),
        candidate=arm(2, samples=24),
        calls=Calls(planned=48, made=72, judge=24),
        budget=budget(pairs=24, looks=4),
        next_step=NextStep("promptops eval extract-city --against v1", 192, 0.0193),
        meta=META | {"samples": 1},
    )


def hopeless() -> Report:
    """Extended, and still so near the margin that more samples would hardly help."""
    told = metric(
        baseline=0.80, candidate=0.752, interval=(-0.082, -0.0003), verdict="inconclusive"
    )
    return _report(
        verdict="inconclusive",
        exit_code=3,
        reasons=[
            "exact lies between -8.2 and -0.0 points: neither a sure drop nor surely above −5"
        ],
        metrics=[msgspec.structs.replace(told, pairs=240)],
        calls=Calls(planned=480, made=240, cached=240),
        budget=budget(pairs=240, looks=28, extended=True),
        meta=META | {"samples": 10, "inconclusive": "fail"},
    )


def noise() -> Report:
    """A version compared with itself."""
    told = metric(
        baseline=0.81,
        candidate=0.798,
        interval=(-0.040, 0.017),
        population_interval=(-0.044, 0.02),
        verdict="passed",
        variance=VarianceReport(total=0.0961, between=0.0, within=0.0961),
    )
    return _report(
        reasons=["exact surely did not fall by 5 points or more"],
        baseline=arm(2),
        metrics=[told],
        slices=[SliceReport("slang", "exact", 4, 0.4, 0.6, -0.2, 2.0)],
        cases=cases(broken=1, better=2, same=21),
        budget=budget(detectable=0.06),
        meta=META | {"itself": True},
    )


def false_alarm() -> Report:
    """A version compared with itself, and called worse."""
    told = metric(
        baseline=0.81, candidate=0.75, interval=(-0.11, -0.01), verdict="regressed", pairs=96
    )
    return msgspec.structs.replace(
        noise(),
        verdict="regressed",
        reasons=["exact fell by 6.0 points (1.0 to 11.0)"],
        metrics=[told],
        slices=[],
        budget=budget(pairs=96, looks=18, saved_calls=48, saved_usd=0.0049),
    )


def population() -> Report:
    """The verdict is about cases like these: one look, and a wider interval."""
    told = metric(
        baseline=0.82,
        candidate=0.76,
        interval=(-0.11, -0.01),
        population_interval=(-0.14, 0.02),
        verdict="inconclusive",
        variance=VarianceReport(total=0.2, between=0.12, within=0.08),
    )
    return _report(
        verdict="inconclusive",
        reasons=["exact: 24 cases are too few for any pass; 59 are needed"],
        metrics=[told],
        cases=cases(broken=4, fixed=1, same=19),
        meta=META | {"estimand": "population"},
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
        budget=None,
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
        budget=budget(pairs=6, looks=1, detectable=None),
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
        budget=budget(pairs=0, looks=0, detectable=None),
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
        p_value=0.01,
        variance=VarianceReport(0.1, between=0.02, within=0.08),
    )
    sliced = SliceReport(
        tag=text, metric=text, cases=3, candidate=0.1, baseline=0.2, delta=-0.1, fell=True
    )
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
        next_step=NextStep(text, 10, 0.1),
        meta={"alpha": 0.05, "stopped": True, text: text},
    )


def every_example() -> dict[str, list[Report]]:
    """All of them by name, as lists that a format can be handed."""
    return {
        "improved": [improved()],
        "passed": [passed()],
        "dearer": [dearer()],
        "perhaps_dearer": [perhaps_dearer()],
        "unpriced": [unpriced()],
        "regressed": [regressed()],
        "early": [early()],
        "small_drop": [small_drop()],
        "inconclusive": [inconclusive()],
        "first_impression": [first_impression()],
        "hopeless": [hopeless()],
        "noise": [noise()],
        "false_alarm": [false_alarm()],
        "population": [population()],
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
