"""Say how far a judge can be trusted: its agreement with people, and its biases.

\b
promptops judge check NAME   measure it against people's labels
promptops judge tune NAME    try it in other words, held to the same labels

Labels come from `promptops review`, or from the judge's own suite, evals/NAME.yaml. What runs have
asked it already is not asked again; the rest is, and so are canaries: answers that no judge may let
pass. A judge may gate where its agreement with people is known and good enough; else it observes.
"""  # noqa: D301 - \b keeps the lines above apart

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Annotated

import typer

from promptops.cli.output import OutputOption, check_output, emit, surface
from promptops.engine.calling.terms import CONCURRENCY
from promptops.errors import ExitCode, InputError, did_you_mean
from promptops.reports import trust_discovery, tuning_discovery

ACTIONS = ("check", "tune")
_OF_CHECK = ("--repeat", "--must-gate")
_OF_TUNE = ("--variants", "--seed")
MOST_REPEATS = 20


def command(
    action: Annotated[
        str, typer.Argument(metavar="ACTION", help=" | ".join(ACTIONS), show_default=False)
    ],
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="The judge, such as judges/faithful.", show_default=False
        ),
    ],
    *,
    suite: Annotated[
        list[str] | None,
        typer.Option(
            "--suite",
            metavar="SUITE",
            help="Only as this suite uses it; give it again to check several.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", metavar="MODEL", help="Ask this model, not the judge's.", show_default=False
        ),
    ] = None,
    repeat: Annotated[
        int,
        typer.Option(
            "--repeat",
            metavar="N",
            min=1,
            max=MOST_REPEATS,
            help="check: ask each question so often: how often does it change its mind?",
        ),
    ] = 1,
    variants: Annotated[
        str | None,
        typer.Option(
            "--variants",
            metavar="DIR|N",
            help="tune: those of a folder, or N automatic ones.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed", help="tune: which cases are held out; 0 unless said.", show_default=False
        ),
    ] = None,
    write: Annotated[
        bool,
        typer.Option(
            "--write",
            help="check: keep the result for builds; tune: make the pick the next version.",
        ),
    ] = False,
    must_gate: Annotated[
        bool,
        typer.Option(
            "--must-gate",
            help="check: exit with 1 where it may not gate, with 3 where that is not known.",
        ),
    ] = False,
    max_cost: Annotated[
        float | None,
        typer.Option(
            "--max-cost",
            metavar="USD",
            help="Stop before this command has spent more.",
            show_default=False,
        ),
    ] = None,
    concurrency: Annotated[
        int, typer.Option(min=1, max=1024, help="Calls under way at once, at most.")
    ] = CONCURRENCY,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No diagnostics on stderr.")] = False,
    format_: Annotated[
        str,
        typer.Option(
            "--format", "-f", metavar="FORMAT", help=" | ".join(trust_discovery.trust_formats())
        ),
    ] = "terminal",
    output: OutputOption = None,
) -> int:
    if action not in ACTIONS:
        raise InputError(f"judge has no action {action!r}", hint=did_you_mean(action, ACTIONS))
    given = {
        "--repeat": repeat > 1,
        "--must-gate": must_gate,
        "--variants": variants is not None,
        "--seed": seed is not None,
    }
    _check_options(action, given)
    check_output(output)
    if action == "tune":
        render_trial = tuning_discovery.find_tuning(format_)
        tuning = importlib.import_module("promptops.cli.judging.tuning")
        asked = tuning.Wanted(_only(suite), variants, model, seed or 0, max_cost, concurrency)
        tuned = tuning.tune(name, asked, quiet=quiet)
        text = render_trial(tuned.report, surface(output))
        emit(text, output, machine=format_ == "json")
        if write:
            tuning.write(tuned, quiet=quiet)
        return int(ExitCode.OK)
    render = trust_discovery.find_trust(format_)
    checking = importlib.import_module("promptops.cli.judging.checking")
    done = checking.check(
        name,
        checking.Wanted(tuple(suite or ()), model, repeat, max_cost, concurrency),
        quiet=quiet,
    )
    emit(render(done.reports, surface(output)), output, machine=format_ != "terminal")
    if write:
        checking.write(name, done, quiet=quiet)
    return int(checking.exit_code(done, must_gate=must_gate))


def _check_options(action: str, given: Mapping[str, bool]) -> None:
    foreign = _OF_TUNE if action == "check" else _OF_CHECK
    for option in foreign:
        if given[option]:
            raise InputError(f"{option} does not go with judge {action}")


def _only(suites: list[str] | None) -> str | None:
    if suites and len(suites) > 1:
        raise InputError("judge tune takes one --suite: its labels pick")
    return suites[0] if suites else None
