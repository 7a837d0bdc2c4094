"""From a run to a page, from the page to labels, and from labels to the next report."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from promptops.cli.main import main
from tests.browser.conftest import Open
from tests.functional.review_desk import LABELS, WORDS, answer, lay
from tests.loopback import Loopback

ANSWERS = 2 * 2 * len(WORDS)
"""Both versions, two samples of each case; samples alike are asked about once."""

Run = Callable[..., int]


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("counted") / "project"
    with ThreadPoolExecutor(1) as other:  # the browser's event loop is in this thread
        other.submit(lay, root).result()
    return root


@pytest.fixture
def root(laid: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    place = tmp_path / "project"
    shutil.copytree(laid, place, symlinks=True)
    monkeypatch.chdir(place)
    with Loopback(answer) as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        yield place


@pytest.fixture
def run() -> Run:
    """The command line."""

    def ran(*arguments: str) -> int:
        with ThreadPoolExecutor(1) as other:
            return other.submit(main, list(arguments)).result()

    return ran


def labelled_by_keys(page: Page) -> int:
    """Label everything: what is brief is good. Answers how many were shown."""
    page.locator(".label-start").click()
    dialog, shown = page.locator("dialog.labelling"), 0
    while True:
        expect(dialog.locator("h2")).to_have_text(re.compile(f"fair( · answer {shown + 1})?$"))
        if dialog.locator(".over").count():
            page.keyboard.press("q")
            return shown
        shown += 1
        brief = "in short" in dialog.locator(".output").inner_text()
        page.keyboard.press("g" if brief else "2")


def taken_home(page: Page, root: Path) -> Path:
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download").click()
    place = root / waiting.value.suggested_filename
    waiting.value.save_as(place)
    return place


def told(run: Run, *arguments: str) -> str:
    """The report, spaces set aside."""
    assert run(*arguments, "-o", "told") in {0, 1}
    return " ".join(Path("told").read_text(encoding="utf-8").split())


def metric(root: Path, run: Run) -> dict[str, Any]:
    """What the next report says of the judged metric."""
    assert run("eval", "--quiet", "-f", "json", "-o", "next.json") in {0, 1}
    (report,) = json.loads((root / "next.json").read_text(encoding="utf-8"))
    found: dict[str, Any] = next(each for each in report["metrics"] if each["name"] == "fair")
    return found


def without_rule(place: Path) -> None:
    """The sheet as somebody would hand it in who picked the answers."""
    text = place.read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert {row["chosen"] for row in rows} == {"uniform"}
    paper = io.StringIO(newline="")
    writer = csv.DictWriter(paper, rows[0])
    writer.writeheader()
    writer.writerows({**row, "chosen": ""} for row in rows)
    place.write_text(paper.getvalue(), encoding="utf-8", newline="")


@pytest.mark.parametrize("picked", [False, True])
def test_labels_of_the_page_count_in_the_next_report(
    open_page: Open, root: Path, run: Run, picked: bool
):
    assert run("eval", "--quiet", "-f", "html", "-o", "report.html") in {0, 1}
    assert not metric(root, run).get("labels")
    page = open_page(root / "report.html").page
    assert labelled_by_keys(page) == ANSWERS // 2
    place = taken_home(page, root)
    if picked:
        without_rule(place)
    assert run("review", "say", "--import", place.name, "--reviewer", "Bo Example") == 0
    kept = [json.loads(line) for line in (root / LABELS).read_text().splitlines()]
    assert {each.get("chosen", "") for each in kept} == {"" if picked else "uniform"}
    assert {each["label"] for each in kept} == {"good", "bad"}

    after = metric(root, run)
    assert after.get("labels", 0) == (0 if picked else ANSWERS // 2)
    for command in (["eval", "--quiet"], ["report"]):
        assert "Bo Example says good" in told(run, *command, "-f", "csv"), command
        for format_ in ("terminal", "markdown", "junit"):
            counted = f"{ANSWERS // 2} labelled pairs" in told(run, *command, "-f", format_)
            assert counted != picked, (command, format_)
    assert run("report", "-f", "html", "-o", "report.html") == 0
    page = open_page(root / "report.html").page
    page.locator(".row").first.click()
    expect(page.locator(".people").first).to_contain_text("Bo Example")
