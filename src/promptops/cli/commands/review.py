"""Label answers by hand, blind: at the terminal, or by way of a sheet.

The answers are those of the newest run of SUITE. Labels go into a file beside the suite.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from promptops.cli.output import Format, FormatOption, OutputOption, check_output
from promptops.cli.project import find_project
from promptops.cli.reviewing.review import Review, Wish
from promptops.engine.suite import load_suite
from promptops.errors import InputError


class Choose(StrEnum):
    """The rules by which answers are chosen."""

    UNIFORM = "uniform"
    INFORMATIVE = "informative"
    DISAGREEMENTS = "disagreements"


def command(
    suite: Annotated[str, typer.Argument(metavar="SUITE", help="Whose answers are labelled.")],
    *,
    metric: Annotated[
        str | None,
        typer.Option("--metric", metavar="NAME", help="Label for this metric.", show_default=False),
    ] = None,
    pairs: Annotated[
        bool, typer.Option("--pairs", help="Ask which of two answers is better.")
    ] = False,
    choose: Annotated[
        Choose, typer.Option("--choose", metavar="RULE", help=" | ".join(Choose))
    ] = Choose.UNIFORM,
    number: Annotated[int, typer.Option("--number", "-n", min=1, help="At most N of them.")] = 20,
    run: Annotated[
        str | None,
        typer.Option("--run", metavar="RUN", help="Answers of this run.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="What is chosen, and its order.")] = 0,
    reviewer: Annotated[
        str | None,
        typer.Option(
            "--reviewer",
            metavar="NAME",
            help="Whose labels they are; git's user.name unless said.",
            show_default=False,
        ),
    ] = None,
    hide_expected: Annotated[
        bool, typer.Option("--hide-expected", help="Do not show what the case expects.")
    ] = False,
    export: Annotated[
        Path | None,
        typer.Option(
            "--export", metavar="FILE", help="Write a CSV sheet to fill in.", show_default=False
        ),
    ] = None,
    import_: Annotated[
        Path | None,
        typer.Option(
            "--import", metavar="FILE", help="Take the labels of such a sheet.", show_default=False
        ),
    ] = None,
    agreement: Annotated[
        bool, typer.Option("--agreement", help="Show how far the reviewers agree.")
    ] = False,
    format_: FormatOption = Format.TERMINAL,
    output: OutputOption = None,
) -> int:
    if sum((export is not None, import_ is not None, agreement)) > 1:
        raise InputError("--export, --import and --agreement go one at a time")
    check_output(output)
    check_output(export, "--export")
    project = find_project()
    wish = Wish(
        metric, pairs, choose.value, number, run, seed, reviewer, with_expected=not hide_expected
    )
    review = Review(project, load_suite(project.tree, suite), wish, format_, output)
    if agreement:
        return review.agreement()
    if import_ is not None:
        return review.take_sheet(import_)
    if export is not None:
        return review.write_sheet(export)
    return review.sit()
