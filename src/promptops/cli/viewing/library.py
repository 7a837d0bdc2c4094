"""What is shown, read from the store anew whenever something was written to it."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from promptops.cli.begun_runs import line_of, line_of_report
from promptops.cli.judging.results import judged_results
from promptops.cli.project import FOLDERS, Project
from promptops.cli.viewing.shelf import Made
from promptops.errors import InputError
from promptops.models.redaction import Redactor
from promptops.reports import discovery, trend_discovery
from promptops.reports.headline import finding
from promptops.reports.surface import Surface
from promptops.reports.symbols import UNICODE
from promptops.reports.viewing.addresses import DOWNLOADS, TREND_DOWNLOADS, Addresses
from promptops.reports.viewing.index_page import Chosen, Entry, Index, index_page
from promptops.reports.viewing.trend_page import TrendLinks, trend_page
from promptops.store.database import FILE, FOLDER, beside
from promptops.store.store import Store
from promptops.values.report import Report
from promptops.values.results import Results

MOST_RUNS = 5_000
"""The newest that the index looks through."""
RUNS_TO_A_PAGE = 50

_TYPES = {
    "csv": "text/csv",
    "html": "text/html",
    "json": "application/json",
    "junit": "application/xml",
    "markdown": "text/markdown",
}
_SURFACE = Surface(max_cases=None, index="../../")
"""A report leads back by a relative address: a page that is saved must not tell the secret one."""
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")

_TOLD_OF_JUDGES = (".labels.jsonl", ".trust.json", ".yaml", ".yml")
"""How the files end out of which a page tells what is known of judges, and asks its reader."""

Signature = tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class Library:
    """The store of a project, and what is made of it; any call may come from any thread.

    Each raises `InputError` where there is nothing of what is asked for, and `StoreError` where
    the store cannot be read.
    """

    project: Project
    addresses: Addresses

    def signature(self) -> Signature:
        """Another one when anything was written to the store, or is known of judges otherwise."""
        root = self.project.root
        store = root / FOLDER / FILE
        written = (each for name in FOLDERS for each in sorted((root / name).rglob("*")))
        told = (each for each in written if each.name.endswith(_TOLD_OF_JUDGES))
        return tuple(_stamp(each) for each in (store, beside(store)[0], *told))

    def run_of(self, asked: str) -> str:
        """The whole id of a run that has a report."""
        with self._store() as store:
            return store.runs.report(asked).run

    def index(self, chosen: Chosen, page: int) -> Made:
        """The list of runs; a page that is not there is the nearest one."""
        with self._store() as store:
            entries, left_out = _entries(store)
        lines = [each.line for each in entries]
        kept = [each for each in entries if _is(each, chosen)]
        pages = max(1, ceil(len(kept) / RUNS_TO_A_PAGE))
        page = min(max(1, page), pages)
        start = (page - 1) * RUNS_TO_A_PAGE
        index = Index(
            project=self.project.root.name,
            entries=kept[start : start + RUNS_TO_A_PAGE],
            chosen=chosen,
            prompts=sorted({line.prompt for line in lines if line.prompt}),
            suites=sorted({line.suite for line in lines}),
            found=len(kept),
            page=page,
            pages=pages,
            left_out=left_out,
        )
        return _page(index_page(index, self.addresses))

    def run(self, run: str, format_: str = "html") -> Made:
        """A report: as a page, or in another format as a file."""
        if format_ != "html" and format_ not in DOWNLOADS:
            raise InputError(f"reports are not offered in the format {format_!r}")
        render = discovery.find(format_)
        with self._store() as store:
            report = _exactly(store, run)
            results = judged_results(Results([report], details=store.details.of), self.project.tree)
            text = render(results, _SURFACE)
        if format_ == "html":
            return _page(text)
        return _file(text, format_, f"{report.suite}-{report.run}.{DOWNLOADS[format_]}")

    def trend(self, prompt: str, suite: str | None, format_: str = "html") -> Made:
        """A trend: as a page, or in another format as a file. It asks git as well as the store."""
        if format_ != "html" and format_ not in TREND_DOWNLOADS:
            raise InputError(f"trends are not offered in the format {format_!r}")
        suites = self._suites(prompt)
        if suite is None and suites:
            suite = suites[0]
        trending = importlib.import_module("promptops.cli.trending")
        trend = trending.trend_of(self.project, prompt, suite=suite)
        if format_ != "html":
            text = trend_discovery.find_trend(format_)(trend, _SURFACE)
            return _file(text, format_, f"{prompt}-trend.{TREND_DOWNLOADS[format_]}")
        to = self.addresses
        links = TrendLinks(
            index=to.index(),
            run=to.run,
            files=tuple(
                (name, to.trend(prompt, suite=suite, format_=name)) for name in TREND_DOWNLOADS
            ),
            others=tuple((each, to.trend(prompt, suite=each)) for each in suites if each != suite),
        )
        return _page(trend_page(trend, links))

    def _suites(self, prompt: str) -> list[str]:
        """Suites with a run of a prompt, that of the newest run first."""
        with self._store() as store:
            runs = store.runs.newest(name=prompt, limit=MOST_RUNS)
        return list(dict.fromkeys(each.suite for each in runs if each.prompt == prompt))

    def _store(self) -> Store:
        return Store(self.project.root, reading=True)


def _exactly(store: Store, run: str) -> Report:
    """The report of a run by its whole id: addresses are made of these."""
    if store.runs.find(run) is None:
        hint = "its report is there when it ends" if _is_begun(store, run) else None
        raise InputError(f"run {run} has no report", hint=hint)
    return store.runs.report(run)


def _is_begun(store: Store, run: str) -> bool:
    return any(each.run == run for each in store.begun.unfinished())


def _entries(store: Store) -> tuple[list[Entry], bool]:
    """Runs with a report and those that have none yet, newest first; whether older ones are left
    out.
    """
    begun = {each.run: each for each in store.begun.unfinished()}
    found = store.runs.newest(limit=MOST_RUNS + 1)
    entries = [
        Entry(line_of_report(each.report, begun.get(each.id)), finding(each.report, UNICODE))
        for each in found[:MOST_RUNS]
    ]
    reported = {each.line.run for each in entries}
    without = [each for each in begun.values() if each.run not in reported]
    without = [each for each in without if store.runs.find(each.run) is None]
    entries += [Entry(line_of(each, store.ledger)) for each in without]
    entries.sort(key=lambda entry: (entry.line.created, entry.line.run), reverse=True)
    return entries, len(found) > MOST_RUNS


def _is(entry: Entry, chosen: Chosen) -> bool:
    line = entry.line
    pairs: Sequence[tuple[str, str | None]] = (
        (chosen.prompt, line.prompt),
        (chosen.suite, line.suite),
        (chosen.verdict, line.verdict),
    )
    return all(not wanted or wanted == there for wanted, there in pairs)


def _page(text: str) -> Made:
    return Made(_bytes(text), _TYPES["html"])


def _file(text: str, format_: str, name: str) -> Made:
    return Made(_bytes(text), _TYPES.get(format_, "text/plain"), _UNFIT.sub("-", name)[-120:])


def _bytes(text: str) -> bytes:
    """As it leaves the program: without secrets."""
    return Redactor(os.environ).exact(text).encode("utf-8", "backslashreplace")


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
