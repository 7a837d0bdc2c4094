"""The answers that people labelled, found again: in the store, or in the labels themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from promptops.datasets.loading import Dataset, open_dataset
from promptops.engine.judging.states import JUDGED_FROM
from promptops.engine.judging.uses import Use
from promptops.engine.preparing import Workplace
from promptops.engine.suite import locate_dataset
from promptops.errors import InputError
from promptops.prompts.loading import LoadedPrompt, load_prompt, parse_prompt
from promptops.prompts.rendering import Renderer
from promptops.trust.biases import BothOrders, both_orders
from promptops.trust.judged import Key, pair_key
from promptops.values.case import Case
from promptops.values.details import CaseDetails, PromptText, SampleDetails
from promptops.values.label import Label, output_digest
from promptops.values.report import Report
from promptops.values.request import Message, Request
from promptops.values.response import Response
from promptops.values.score import Score, Scored, Unscorable

RUNS_LOOKED_AT = 50

NOT_SENT = Request("", ())
"""A judge of pairs is not shown what was sent."""


@dataclass(frozen=True, slots=True)
class LabelledAnswer:
    """One answer that people labelled, ready to be judged."""

    key: Key
    case: Case
    request: Request
    """What it answers."""
    response: Response
    scored: Scored | None = None
    """What this very judge said of it in a run; None where it was not asked."""
    rival: Response | None = None
    """Of a pair, the baseline's answer; `response` is the candidate's."""
    mirrored: bool = False
    """Of a pair, whether a label's 1 stands for the baseline's answer."""


@dataclass(slots=True)
class Gathered:
    """What there is of the labelled answers of one use."""

    answers: dict[Key, LabelledAnswer] = field(default_factory=dict)
    orders: list[BothOrders] = field(default_factory=list)
    """Pairs that the judge saw in both orders, labelled or not."""


def gather(use: Use, wanted: Mapping[Key, Label], place: Workplace, *, pinned: bool) -> Gathered:
    """Find the answers behind labels, by case and digest of what they say.

    The newest runs of the suite are looked through first; what they do not have is taken from the
    label itself, where that repeats the whole answer.  `pinned`: scores of runs count, because the
    judge is asked as the suite says, and not with another model.
    """
    found = Gathered()
    with open_dataset(
        locate_dataset(use.suite, place.tree), display=use.suite.dataset_path
    ) as dataset:
        search = _Search(use, wanted, place, dataset, found, pinned=pinned)
        search.through_runs()
        search.through_labels()
    return found


def from_labels(
    use: Use, wanted: Mapping[Key, Label], place: Workplace
) -> dict[Key, LabelledAnswer]:
    """Those that stand whole in their labels; no run is looked through."""
    found = Gathered()
    where = locate_dataset(use.suite, place.tree)
    with open_dataset(where, display=use.suite.dataset_path) as dataset:
        _Search(use, wanted, place, dataset, found, pinned=False).through_labels()
    return found.answers


def question_of(case: Case) -> Request:
    """What an answer without a request of its own answers: the column `question`."""
    said = case.columns.get("question", "")
    return Request("", (Message("user", said if isinstance(said, str) else ""),))


def asked_today(use: Use, case: Case, place: Workplace) -> Request:
    """What the prompt of a suite asks of a case, as it is written now."""
    prompt = _compiled(lambda: load_prompt(place.tree, use.suite.file.prompt))
    if prompt is not None:
        with suppress(InputError):
            return prompt.render(case.columns)
    return question_of(case)


class _Search:
    """One use, with the versions whose requests are rendered again."""

    def __init__(
        self,
        use: Use,
        wanted: Mapping[Key, Label],
        place: Workplace,
        dataset: Dataset,
        found: Gathered,
        *,
        pinned: bool,
    ) -> None:
        self._use = use
        self._wanted = wanted
        self._cases = {case for case, _ in wanted}
        self._place = place
        self._dataset = dataset
        self._places = {id_: at for at, id_ in enumerate(dataset.ids)}
        self._found = found
        self._pinned = pinned
        self._met: set[Key] = set()
        """Pairs of which both orders are counted: another run has them out of the store."""
        self._renderers: dict[str, Renderer | None] = {}

    def through_runs(self) -> None:
        """The newest first, until every answer is found."""
        name, store = self._use.suite.name, self._place.store
        for run in store.runs.newest(name=name, limit=RUNS_LOOKED_AT):
            if run.suite != name:
                continue
            details = store.details.of(run.id)
            if details is None:
                continue
            versions = {"baseline": details.baseline, "candidate": details.candidate}
            scored = self._pinned and self._was_judged_by_it(run.report)
            for case in details.cases():
                if case.id in self._cases or (scored and self._use.of_pairs):
                    self._take(case, versions, scored=scored)
            if self._wanted.keys() <= self._found.answers.keys():
                return

    def _was_judged_by_it(self, report: Report) -> bool:
        """Whether a run had this very judge, and not while it had changed behind its name."""
        metric, meta = self._use.metric, report.meta
        same = meta.get("scorers", {}).get(metric) == self._use.scorer.digest
        return same and metric not in meta.get(JUDGED_FROM, {})

    def through_labels(self) -> None:
        """Short answers stand in their labels, so a fresh clone needs no store."""
        for key, label in self._wanted.items():
            response = Response(label.text)
            if key in self._found.answers or output_digest(response) != key[1]:
                continue
            case = self._case(key[0], None)
            if case is not None:
                request = self._request(None, case)
                self._found.answers[key] = LabelledAnswer(key, case, request, response)

    def _take(
        self,
        case: CaseDetails,
        versions: Mapping[str, PromptText | None],
        *,
        scored: bool,
    ) -> None:
        if self._use.of_pairs:
            self._take_pairs(case, scored=scored)
            return
        told = self._case(case.id, case)
        for sample, response in _answers(case):
            key = (case.id, output_digest(response))
            if key not in self._wanted or told is None:
                continue
            said = self._said(sample) if scored else None
            known = self._found.answers.get(key)
            if known is None:
                request = self._request(versions[sample.arm], told)
                self._found.answers[key] = LabelledAnswer(key, told, request, response, said)
            elif known.scored is None and said is not None:
                self._found.answers[key] = replace(known, scored=said)

    def _take_pairs(self, case: CaseDetails, *, scored: bool) -> None:
        """Of a judge of pairs; a label's 1 stands for the answer whose digest is lower."""
        told = self._case(case.id, case)
        sides: dict[int, dict[str, tuple[SampleDetails, Response]]] = {}
        for sample, response in _answers(case):
            sides.setdefault(sample.index, {})[sample.arm] = (sample, response)
        for both in sides.values():
            if len(both) < 2 or told is None:
                continue
            (sample, after), (_, before) = both["candidate"], both["baseline"]
            said = self._said(sample) if scored else None
            lower, higher = output_digest(before), output_digest(after)
            key = (case.id, pair_key(lower, higher))
            if isinstance(said, Score) and key not in self._met:
                self._met.add(key)
                self._found.orders += both_orders(case.group or case.id, said.votes)
            known = self._found.answers.get(key)
            unknown = known is None or (known.scored is None and said is not None)
            if key in self._wanted and lower != higher and unknown:
                self._found.answers[key] = LabelledAnswer(
                    key, told, NOT_SENT, after, said, rival=before, mirrored=lower < higher
                )

    def _said(self, sample: SampleDetails) -> Scored | None:
        """What the judge itself said; None where it could not be asked, or never was.

        An answer that failed by itself scores zero, and no judge was asked about it.
        """
        said = sample.scores.get(self._use.metric)
        if isinstance(said, Unscorable) and said.infrastructure:
            return None
        return said if said is not None and said.judge else None

    def _case(self, id_: str, kept: CaseDetails | None) -> Case | None:
        """The case as its dataset has it now; else as a run met it, where long texts are cut."""
        at = self._places.get(id_)
        if at is not None:
            return self._dataset.case(at)
        if kept is None or not kept.columns:
            return None
        return Case(id_, kept.columns, kept.tags, kept.group, kept.critical)

    def _request(self, version: PromptText | None, case: Case) -> Request:
        """What the answer answers, as its version asked it; else as the prompt asks today."""
        for loaded in (self._loaded(version), self._loaded(None)):
            with suppress(InputError):
                if loaded is not None:
                    return loaded.render(case.columns)
        return question_of(case)

    def _loaded(self, version: PromptText | None) -> Renderer | None:
        key = version.digest if version else ""
        if key not in self._renderers:
            self._renderers[key] = _compiled(lambda: self._parsed(version))
        return self._renderers[key]

    def _parsed(self, version: PromptText | None) -> LoadedPrompt:
        if version is None:
            return load_prompt(self._place.tree, self._use.suite.file.prompt)
        return parse_prompt(version.source, version.name, _KeptTree(version))


class _KeptTree:
    """The includes of a version as they were kept; implements `promptops.documents.tree.Tree`."""

    def __init__(self, version: PromptText) -> None:
        self._files = {f"prompts/{path}": text for path, text in version.includes.items()}

    def read(self, path: str) -> str | None:
        return self._files.get(path)

    def list(self, folder: str) -> list[str]:
        return sorted(path for path in self._files if path.startswith(f"{folder}/"))


def _compiled(parse: Callable[[], LoadedPrompt]) -> Renderer | None:
    try:
        return Renderer(parse())
    except InputError:
        return None


def _answers(case: CaseDetails) -> Iterator[tuple[SampleDetails, Response]]:
    for sample in case.samples:
        if sample.failure is None and not sample.missing:
            yield (
                sample,
                Response(
                    sample.content,
                    sample.tool_calls,
                    sample.finish_reason,
                    sample.refusal,
                    flags=sample.flags,
                ),
            )
