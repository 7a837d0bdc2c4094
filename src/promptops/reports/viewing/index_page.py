"""The index of runs as a page: newest first, with what each came to, and what to choose by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from promptops.reports import words
from promptops.reports.html.markup import Child, Markup, element, join
from promptops.reports.listings import RunLine, state_told
from promptops.reports.symbols import UNICODE
from promptops.reports.viewing.addresses import DOWNLOADS, Addresses
from promptops.reports.viewing.document import document, link, masthead
from promptops.values.report import Verdict

_FOOT = "Served by promptops on this machine alone. Load the page again to see newer runs."


@dataclass(frozen=True, slots=True)
class Entry:
    """One run."""

    line: RunLine
    finding: str = ""
    """In one sentence; "" where it has no report."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is shown of all runs; "" stands for all."""

    prompt: str = ""
    suite: str = ""
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Index:
    """One page of the index."""

    project: str
    """The name of the project's folder."""
    entries: Sequence[Entry]
    chosen: Chosen
    prompts: Sequence[str]
    """All there are, to choose from."""
    suites: Sequence[str]
    found: int
    """Runs that are chosen, on all pages."""
    page: int = 1
    pages: int = 1
    left_out: bool = False
    """There are older runs than are looked through."""


def index_page(index: Index, addresses: Addresses) -> str:
    """The whole page."""
    body = join(
        [
            masthead(),
            element(
                "main",
                element(
                    "article",
                    _head(index, addresses),
                    element("section", *_runs(index, addresses), aria_label="Runs"),
                ),
            ),
            element("footer", element("p", _FOOT)),
        ]
    )
    return document(f"{index.project}: runs", body, forms=True)


def _head(index: Index, addresses: Addresses) -> Markup:
    trends = [element("li", link(each, addresses.trend(each))) for each in index.prompts]
    return element(
        "header",
        element("h1", f"Runs of {index.project}"),
        element(
            "nav",
            element("h2", "Over the versions of a prompt"),
            element("ul", *trends, class_="trends"),
            aria_label="Trends",
        )
        if trends
        else None,
        class_="index-head",
    )


def _runs(index: Index, addresses: Addresses) -> list[Child]:
    if not index.prompts and not index.entries:
        nothing = [
            "Nothing has been evaluated yet. ",
            element("code", "promptops eval"),
            " does it.",
        ]
        return [element("p", *nothing, class_="nothing")]
    parts: list[Child] = [_form(index, addresses)]
    if not index.entries:
        return [*parts, element("p", "No run is like that.", class_="nothing")]
    several = any(entry.line.model for entry in index.entries)
    parts.append(
        element(
            "table",
            element("thead", element("tr", *_heads(models=several))),
            element("tbody", *(_row(each, addresses, models=several) for each in index.entries)),
            class_="runs",
        )
    )
    if index.left_out:
        parts.append(element("p", "Older runs are left out.", class_="explained"))
    return [*parts, _turner(index, addresses)]


def _form(index: Index, addresses: Addresses) -> Markup:
    """What to choose by. It needs no script: the answer is the page itself."""
    chosen = index.chosen
    many = words.many(index.found, "run")
    back = link("all of them", addresses.index()) if chosen != Chosen() else None
    return element(
        "form",
        _select("prompt", chosen.prompt, index.prompts),
        _select("suite", chosen.suite, index.suites),
        _select("verdict", chosen.verdict, get_args(Verdict)),
        element("button", "Show", type="submit"),
        element("p", many, " ", back, class_="quiet"),
        method="get",
        action=Markup(addresses.index()),
        class_="choose",
    )


def _select(name: str, chosen: str, values: Sequence[str]) -> Markup:
    options = [element("option", "all", value=Markup(""))]
    known = [*values, *([chosen] if chosen and chosen not in values else [])]
    options += [element("option", each, value=each, selected=each == chosen) for each in known]
    return element("label", element("span", name), element("select", *options, name_=name))


def _heads(*, models: bool) -> list[Markup]:
    heads = [("verdict", ""), ("suite", ""), ("versions", ""), ("when (UTC)", "")]
    heads += [("model", "")] if models else []
    heads += [("calls", "number"), ("cost", "number"), ("files", "")]
    return [element("th", name, scope="col", class_=class_ or None) for name, class_ in heads]


def _row(entry: Entry, addresses: Addresses, *, models: bool) -> Markup:
    line = entry.line
    cells = [_standing(line), _what(entry, addresses), _cell(_versions(line), "versions")]
    cells.append(_cell(line.created[:16].replace("T", " "), "when"))
    if models:
        cells.append(_cell(line.model, "model"))
    cells += [_cell(words.number(line.calls), "number calls")]
    money = words.money(line.cost_usd)
    cells.append(_cell(money, "number cost unknown" if line.cost_usd is None else "number cost"))
    cells.append(element("td", _files(line, addresses), class_="kept"))
    return element("tr", *cells)


def _standing(line: RunLine) -> Markup:
    said = state_told(line)
    parts: list[Child] = []
    if line.verdict:
        sign = element("span", UNICODE.verdicts[line.verdict], class_="sign", aria_hidden="true")
        parts.append(element("span", sign, line.verdict, class_=f"mark {line.verdict}"))
    if said:
        parts.append(element("span", said, class_="mark inconclusive"))
    return element("td", join(parts, " "), class_="outcome")


def _what(entry: Entry, addresses: Addresses) -> Markup:
    line = entry.line
    suite: Child = line.suite
    if line.answers is None:
        suite = link(line.suite, addresses.run(line.run), "suite")
    of = element("span", line.prompt, class_="quiet") if line.prompt != line.suite else None
    parts = [element("span", suite, class_="name"), of]
    found = element("span", entry.finding, class_="found block") if entry.finding else None
    run = element("span", line.run, class_="quiet id")
    return element("td", join(parts, " "), " ", run, found, class_="what")


def _versions(line: RunLine) -> str:
    if line.candidate_version is None:
        return UNICODE.none
    to = words.numbered(line.candidate_version, dirty=line.dirty)
    return f"v{line.baseline_version} {UNICODE.arrow} {to}" if line.baseline_version else to


def _files(line: RunLine, addresses: Addresses) -> Markup:
    if line.answers is not None:
        return Markup("")
    return join((link(name, addresses.file(line.run, name)) for name in DOWNLOADS), " ")


def _cell(child: Child, class_: str) -> Markup:
    return element("td", child, class_=class_)


def _turner(index: Index, addresses: Addresses) -> Markup | None:
    """To newer and older pages."""
    if index.pages < 2:
        return None
    chosen = index.chosen
    told: list[Child] = [f"page {index.page} of {index.pages}"]
    for words_, page in (("newer", index.page - 1), ("older", index.page + 1)):
        if 1 <= page <= index.pages:
            to = addresses.index(
                prompt=chosen.prompt, suite=chosen.suite, verdict=chosen.verdict, page=page
            )
            told.append(link(words_, to))
    return element("nav", join(told, " "), class_="turn", aria_label="More pages")
