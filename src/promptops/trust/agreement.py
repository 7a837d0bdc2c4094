"""The judge beside people: rates of error, coefficients of agreement, and where they differ."""

from __future__ import annotations

from collections.abc import Sequence

from promptops.statistics.agreement import Agreement, alpha_of_two, kappa
from promptops.statistics.proportion import clustered_share
from promptops.trust.judged import CUT, Judged, scale_of
from promptops.trust.people import ALPHA, BY_BOOTSTRAP
from promptops.values.trust import Confusion, Disagreement, Measure, Scale, SliceTrust

BY_WILSON = "Wilson, by what the answers are worth"
MOST_DISAGREEMENTS = 10
LEAST_OF_A_SLICE = 5
LONGEST_ANSWER = 2_000


def scale(judged: Sequence[Judged]) -> Scale:
    """What the values are to α."""
    return scale_of([value for each in judged for value in (each.people, each.judge)])


def agreement(judged: Sequence[Judged], *, of_pairs: bool = False) -> list[Measure]:
    """Every measure of agreement; one that is not defined says why.

    `of_pairs`: the values are wins and ties, so there is nothing to be sensitive to.
    """
    if of_pairs:
        return _of_pairs(judged)
    pairs = [(_yes(each.people), _yes(each.judge), each.cluster) for each in judged]
    measures = [
        _share("accuracy", [(people == judge, of) for people, judge, of in pairs], ""),
        _share("sensitivity", [(judge, of) for people, judge, of in pairs if people], "pass"),
        _share(
            "specificity", [(not judge, of) for people, judge, of in pairs if not people], "fail"
        ),
    ]
    people = [each.people for each in judged]
    judges = [each.judge for each in judged]
    clusters = [each.cluster for each in judged]
    yes = [float(said) for said, _, _ in pairs], [float(said) for _, said, _ in pairs]
    measures.append(_coefficient("kappa", kappa(*yes, clusters) if judged else None, judged))
    if scale(judged) != "nominal":
        weighted = kappa(people, judges, clusters, weighted=True)
        measures.append(_coefficient("weighted kappa", weighted, judged))
    return [*measures, _alpha(judged)]


def _of_pairs(judged: Sequence[Judged]) -> list[Measure]:
    same = _share("accuracy", [(each.people == each.judge, each.cluster) for each in judged], "")
    return [same, _alpha(judged)]


def _alpha(judged: Sequence[Judged]) -> Measure:
    people = [each.people for each in judged]
    judges = [each.judge for each in judged]
    clusters = [each.cluster for each in judged]
    found = alpha_of_two(people, judges, clusters, scale(judged)) if judged else None
    return _coefficient(ALPHA, found, judged)


def confusion(judged: Sequence[Judged]) -> Confusion:
    """How many answers of each kind, both words cut at one half."""
    counts = {(people, judge): 0 for people in (True, False) for judge in (True, False)}
    for each in judged:
        counts[_yes(each.people), _yes(each.judge)] += 1
    return Confusion(
        both_yes=counts[True, True],
        judge_no=counts[True, False],
        judge_yes=counts[False, True],
        both_no=counts[False, False],
    )


def slices(judged: Sequence[Judged], *, of_pairs: bool = False) -> list[SliceTrust]:
    """Accuracy by tag, the worst first; tags of fewer than five answers are left out."""
    tags = sorted({tag for each in judged for tag in each.tags})
    found = []
    for tag in tags:
        of = [each for each in judged if tag in each.tags]
        if len(of) >= LEAST_OF_A_SLICE:
            hits = [(_same(each, of_pairs=of_pairs), each.cluster) for each in of]
            found.append(SliceTrust(tag, len(of), _share("accuracy", hits, "")))
    return sorted(found, key=lambda each: (each.accuracy.value or 0.0, each.tag))


def disagreements(judged: Sequence[Judged]) -> list[Disagreement]:
    """The widest differences, those of other cases first."""
    apart = [each for each in judged if each.people != each.judge]
    apart.sort(key=lambda each: (-abs(each.people - each.judge), each.case, each.answer))
    met: dict[str, int] = {}
    ranked = []
    for each in apart:
        met[each.case] = met.get(each.case, 0) + 1
        ranked.append((met[each.case], each))
    ranked.sort(key=lambda pair: pair[0])
    return [
        Disagreement(
            each.case,
            each.people,
            each.judge,
            each.label,
            each.explanation,
            each.answer[:LONGEST_ANSWER],
        )
        for _, each in ranked[:MOST_DISAGREEMENTS]
    ]


def _same(each: Judged, *, of_pairs: bool) -> bool:
    if of_pairs:
        return each.people == each.judge
    return _yes(each.people) == _yes(each.judge)


def _yes(value: float) -> bool:
    return value >= CUT


def _share(name: str, hits: Sequence[tuple[bool, str]], kind: str) -> Measure:
    if not hits:
        why = f"people let no answer {kind}" if kind else "no labelled answer was judged"
        return Measure(name, None, why=why)
    share = clustered_share([float(hit) for hit, _ in hits], [of for _, of in hits])
    return Measure(name, share.value, (share.low, share.high), BY_WILSON, share.size)


def _coefficient(name: str, found: Agreement | None, judged: Sequence[Judged]) -> Measure:
    if found is None:
        why = "people and the judge say the same of every answer: label good and bad ones"
        why = why if judged else "no labelled answer was judged"
        return Measure(name, None, size=len(judged), why=why)
    return Measure(name, found.value, (found.low, found.high), BY_BOOTSTRAP, len(judged))
