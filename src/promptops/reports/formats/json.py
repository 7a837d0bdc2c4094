"""Results as JSON, for other tools: a list of reports, or one object where a gate asked."""

from __future__ import annotations

from promptops.reports.encoding import encode
from promptops.reports.gate_file import encode_gate
from promptops.reports.judged_report import judged_report
from promptops.reports.surface import Surface
from promptops.values.results import Results


def render(results: Results, surface: Surface) -> str:
    """A list with one object per suite and model, whole (`promptops.report/1`).

    One with a judge has what it said beside it, where that is kept.  Where a gate asked it is one
    object (`promptops.gate/1`) of at most 5 MB.  The surface changes nothing: other tools read
    this.
    """
    del surface
    if results.gate is not None:
        return encode_gate(results.gate, results)
    return encode([judged_report(results, each) for each in results.reports])
