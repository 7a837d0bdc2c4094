"""What every command on a judge asks with: one budget, one client, answers kept."""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec

from promptops.cli.interrupting import Signals, interruptible
from promptops.cli.project import Project
from promptops.documents.tree import Tree
from promptops.engine.calling.limits import Limits, check_bounded
from promptops.engine.calling.spending import Meter
from promptops.engine.calling.terms import Terms
from promptops.engine.calling.worst_case import worst_case
from promptops.engine.drawing import Answers, Drawing
from promptops.engine.judging.uses import Use
from promptops.engine.keeping import Keeping
from promptops.engine.preparing import Workplace
from promptops.engine.scoring import ProjectAccess
from promptops.errors import InputError, did_you_mean
from promptops.models.model import Model
from promptops.models.opening import open_model
from promptops.models.prices import price
from promptops.prompts.loading import load_prompt, prompt_names
from promptops.values.price import StatedPrice
from promptops.values.request import Request

_JUDGES = "judges/"

Spent = tuple[int, float, int]
"""Calls, US dollars, calls without a price."""


def ask(
    work: Callable[[Drawing], Awaitable[None]],
    terms: Terms,
    place: Workplace,
    models: Sequence[str],
) -> None:
    """Have `work` draw answers until it is done, or somebody interrupts it.

    Raises:
        KeyboardInterrupt: it was interrupted, and what was under way has come home.
    """
    signals = Signals()
    try:
        asyncio.run(_working(work, terms, place, models, signals))
    except asyncio.CancelledError:
        signals.check()
        raise


def check_is_judge(name: str, tree: Tree) -> None:
    """Hold that a prompt is there, and is one that judges.

    Raises:
        InputError: it is not there, cannot be read, or states no verdict that it could give.
    """
    loaded = load_prompt(tree, name)
    if loaded.prompt.judge is None and loaded.prompt.output is None:
        judges = [each for each in prompt_names(tree) if each.startswith(_JUDGES)]
        raise InputError(
            f"{name!r} is no judge: it has neither judge nor output",
            location=loaded.document.locate(()),
            hint=did_you_mean(name, judges) if judges else None,
        )


def models_of(uses: Sequence[Use]) -> list[str]:
    """Whom they ask, each once."""
    return list(dict.fromkeys(model for use in uses for model in use.scorer.models))


def spent(meter: Meter) -> Spent:
    """What was spent so far."""
    return meter.made, meter.incurred_usd, meter.unpriced


def between(before: Spent, after: Spent) -> tuple[int, float | None]:
    """Calls and US dollars; None where a price is not known."""
    unknown = after[2] > before[2]
    return after[0] - before[0], None if unknown else after[1] - before[1]


def check_max_cost(usd: float | None) -> None:
    """Hold that a limit is one.

    Raises:
        InputError: it is nothing, less, or no number.
    """
    if usd is not None and not 0 < usd < math.inf:
        raise InputError("--max-cost must be more than 0")


def prices_of(uses: Sequence[Use]) -> dict[str, StatedPrice]:
    """The prices that the suites state.

    Raises:
        InputError: two of them state another price for one model.
    """
    found: dict[str, StatedPrice] = {}
    for use in uses:
        for model, stated in use.suite.file.prices.items():
            if found.setdefault(model, stated) != stated:
                raise InputError(
                    f"two suites state another price for {model}",
                    location=use.suite.document.locate(("prices", model)),
                    hint="check the judge in one of them:  --suite SUITE",
                )
    return found


def check_limit(
    uses: Sequence[Use],
    usd: float | None,
    prices: dict[str, StatedPrice],
    access: ProjectAccess,
) -> None:
    """Hold that `--max-cost` can be kept with every model, before any call.

    Raises:
        InputError: nothing bounds what a call to one of them may cost.
    """
    if usd is None:
        return
    limits = Limits(usd=usd, usd_name="--max-cost")
    asked = {}
    for use in uses:
        assert use.scorer.judge is not None
        params = msgspec.to_builtins(access.load_prompt(use.scorer.judge[0]).prompt.params)
        given = {name: each for name, each in params.items() if each is not None}
        for model in use.scorer.models:
            asked[model] = worst_case(Request(model, (), given), price(model, prices))
    check_bounded(limits, asked)


def place_of(project: Project, path: str) -> Path:
    """Where a file of the project is written; no link leads out of it.

    Raises:
        InputError: one would.
    """
    place = project.root / path
    inside = Path(os.path.realpath(place)).is_relative_to(Path(os.path.realpath(project.root)))
    if place.is_symlink() or not inside:
        raise InputError(f"{path} is a symbolic link", hint="delete it, and write it anew")
    return place


class _OneModel:
    """The client, opened when somebody has to be asked."""

    def __init__(self, prices: dict[str, StatedPrice]) -> None:
        self._prices = prices
        self._model: Model | None = None

    def open(self) -> Answers:
        if self._model is None:
            self._model = open_model(prices=self._prices)
        return self._model

    async def close(self) -> None:
        if self._model is not None:
            await self._model.close()


async def _working(
    work: Callable[[Drawing], Awaitable[None]],
    terms: Terms,
    place: Workplace,
    models: Sequence[str],
    signals: Signals,
) -> None:
    model = _OneModel(dict(terms.prices))
    drawing = Drawing(Keeping(place.store), model.open, place.environ, terms)
    drawing.models = list(models)
    with interruptible(signals, drawing.calling.leave):
        try:
            await work(drawing)
        finally:
            await model.close()
