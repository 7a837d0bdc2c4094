"""Which kept verdicts of a judge still are its own: those since it changed, where it did.

A judge that changed behind its name is asked under other numbers than before, so that what it said
before stands beside nothing that it says now.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from promptops.documents.tree import Tree
from promptops.engine.plan import Plan
from promptops.engine.scoring import EngineServices
from promptops.engine.supplying import Unasked
from promptops.errors import InputError
from promptops.store.runs import Runs
from promptops.trust.files import read_trust
from promptops.values.report import Report
from promptops.values.trust import TrustReport

JUDGED_FROM = "judged_from"
"""In what a run keeps beside its report: metric to the number of its judge's first draw."""


def first_draw(metric: str, digest: str, basis: TrustReport | None, last: Report | None) -> int:
    """The number of a judge's first draw: as in the suite's `last` run, else as it was measured.

    `digest` is the scorer's, `basis` what was measured of it.
    """
    if last is not None and _at(last.meta, "scorers", metric) == digest:
        told = _at(last.meta, JUDGED_FROM, metric)
        if isinstance(told, int):
            return told
    return basis.first if basis else 0


def measured_from(judge: str, digest: str, tree: Tree) -> TrustReport | None:
    """What was measured of a scorer's judge; None for nothing, or nothing that can be read."""
    try:
        return next((each for each in read_trust(tree, judge) if each.scorer == digest), None)
    except InputError:
        return None


def go_on(plan: Plan, services: EngineServices, runs: Runs, environ: Mapping[str, str]) -> None:
    """Have each judge of a plan asked under the numbers of the suite's last run.

    Of supplied answers under those that they were recorded with.
    """
    last = runs.last_of_suite(plan.suite.name)
    supplied = environ.judged_from if isinstance(environ, Unasked) else {}
    for scorer in plan.scorers:
        standing = plan.trust.get(scorer.name)
        if standing is not None:
            number = first_draw(scorer.name, scorer.digest, standing.basis, last)
            services.on_behalf_of(scorer).first = supplied.get(
                (plan.suite.name, scorer.digest), number
            )


def judged_from(plan: Plan, services: EngineServices) -> dict[str, int]:
    """What a run keeps of that: only judges that changed."""
    found = {name: services.first_of(name) for name in plan.trust}
    return {name: first for name, first in found.items() if first}


def _at(meta: Mapping[str, Any], *path: str) -> Any:
    value: Any = meta
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
