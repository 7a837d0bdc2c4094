"""What a run has spent, and the limits that it stops before.

What is in flight counts at its worst case, so that no limit is passed however the calls end.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, replace
from math import ceil
from types import TracebackType
from typing import Self

from promptops.engine.calling.amounts import UNITS_PER_USD, Amount, Tally, dollars, units
from promptops.engine.calling.limits import BUDGET, Limits, mend, unbounded
from promptops.engine.calling.worst_case import WorstCase
from promptops.errors import BudgetSpentError, NoVerdictError
from promptops.values.account import Purpose
from promptops.values.response import Failure, Response

_NOTHING = Tally()
_KEPT = "what was paid for is kept: the same command goes on from it, with a budget of its own"


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run spent before it was resumed."""

    calls: int = 0
    retried: int = 0
    incurred_usd: float = 0.0
    at_risk_usd: float = 0.0
    """The most that calls may have cost of which no answer came back."""
    lost: int = 0
    """How many of them there are."""
    unpriced: int = 0
    """Answers of which nobody knows the price."""
    unpriced_usd: float = 0.0
    """The most that those may have cost."""
    tokens: int = 0
    """Those of lost calls and of answers without usage at their worst case."""


class Meter:
    """What has been spent so far by this run, judges and embeddings included."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.made = 0
        """Calls that were sent, further attempts included."""
        self.retried = 0
        """How many of them were further attempts; whoever makes them counts."""
        self.judge_calls = 0
        self.unpriced = 0
        """Answers of which nobody knows the price."""
        self.lost = 0
        """Calls that may be billed though no answer came back."""
        self.lost_unbounded = 0
        """How many of them nothing bounds the cost of; they are not in `at_risk_usd`."""
        self.tokens = 0
        """As the providers counted them."""
        self.in_flight = 0
        self._dearer = 1.0
        self._incurred = 0
        self._at_risk = 0
        self._charged = Tally()
        self._held = Tally()
        self._waiting: deque[tuple[Amount, asyncio.Future[None]]] = deque()
        self._most_units = None if self.limits.usd is None else units(self.limits.usd)

    @property
    def charged_usd(self) -> float:
        """What counts against the limit: unknown prices and lost calls at their worst case."""
        return self._charged.units / UNITS_PER_USD

    def lower(self, usd: float, name: str) -> None:
        """Spend no more than so much from here on, where the limit is not lower already.

        `name` is what people call this limit, which is the command's and not the run's.
        """
        most = self._charged.units + units(usd)
        if self._most_units is None or most < self._most_units:
            self.limits = replace(self.limits, usd=most / UNITS_PER_USD, usd_name=name)
            self._most_units = most

    @property
    def incurred_usd(self) -> float:
        """US dollars of the answers whose price is known."""
        return self._incurred / UNITS_PER_USD

    @property
    def at_risk_usd(self) -> float:
        """The most that calls may have cost of which no answer came back."""
        return self._at_risk / UNITS_PER_USD

    def start(self, spent: Spent) -> None:
        """Begin with what the run spent before it was resumed."""
        self.made += spent.calls
        self.retried += spent.retried
        self.lost += spent.lost
        self.unpriced += spent.unpriced
        self.tokens += spent.tokens
        self._incurred += units(spent.incurred_usd)
        self._at_risk += units(spent.at_risk_usd)
        all_usd = spent.incurred_usd + spent.at_risk_usd + spent.unpriced_usd
        self._charged.add(Amount(units(all_usd), spent.tokens))

    async def reserve(self, worst: WorstCase, purpose: Purpose = "sample") -> Reservation:
        """Let one more call go out, at its worst case, and say how it ended by what is returned.

        Whoever is refused only because of what is in flight waits for it, in the order of asking.
        A task must not hold one reservation while it waits for another.

        Raises:
            NoVerdictError: the call could pass a limit however those in flight end.
        """
        amount = self._amount(worst)
        self._check(amount)
        if self._waiting or not self._fits(amount):
            await self._wait(amount)
        else:
            self._take(amount)
        return Reservation(self, amount, worst, purpose)

    def _amount(self, worst: WorstCase) -> Amount:
        if problem := unbounded(self.limits, worst):
            raise NoVerdictError(problem, hint=mend(worst))
        # What once cost more than its bound may do so again.
        return Amount(ceil(units(worst.usd or 0.0) * self._dearer), worst.tokens or 0)

    def _check(self, amount: Amount) -> None:
        """Raises NoVerdictError where the call does not even fit beside what is spent."""
        if not self._room(amount, _NOTHING):
            raise self._refusal(amount)

    def _fits(self, amount: Amount) -> bool:
        return self._room(amount, self._held)

    def _room(self, amount: Amount, held: Tally) -> bool:
        limits, spent = self.limits, self._charged
        return (
            (limits.calls is None or self.made + held.calls < limits.calls)
            and (
                self._most_units is None
                or spent.units + held.units + amount.units <= self._most_units
            )
            and (
                limits.tokens is None or spent.tokens + held.tokens + amount.tokens <= limits.tokens
            )
        )

    def _take(self, amount: Amount) -> None:
        self._held.add(amount)
        self.in_flight += 1

    async def _wait(self, amount: Amount) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((amount, future))
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                self._free(amount)  # it was let go at the moment when nobody wanted it any more
            else:
                future.cancel()
            self._admit()
            raise

    def _admit(self) -> None:
        """Let go those at the head of the queue that fit, and refuse those that never will."""
        while self._waiting:
            amount, future = self._waiting[0]
            if not future.done():
                if not self._room(amount, _NOTHING):
                    future.set_exception(self._refusal(amount))
                elif self._fits(amount):
                    self._take(amount)
                    future.set_result(None)
                else:
                    return
            self._waiting.popleft()

    def _free(self, amount: Amount) -> None:
        self._held.remove(amount)
        self.in_flight -= 1

    def _end(self, amount: Amount, charged: Amount, purpose: Purpose) -> None:
        """A call was made and has ended."""
        self._free(amount)
        self.made += 1
        self.judge_calls += purpose == "judge"
        self._charged.add(charged)
        self._admit()

    def _refusal(self, amount: Amount) -> BudgetSpentError:
        limits, spent, held = self.limits, self._charged, self._held
        if limits.calls is not None and self.made >= limits.calls:
            flying = f", {self.in_flight:,} in flight" if self.in_flight else ""
            calls = "1 call" if limits.calls == 1 else f"{limits.calls:,} calls"
            return BudgetSpentError(
                f"the budget of {calls} is spent: {self.made:,} made{flying}",
                hint=_KEPT,
            )
        if self._most_units is not None and spent.units + amount.units > self._most_units:
            limit = f"{limits.usd_name} {dollars(self._most_units)}"
            so_far, flying, wanted = map(dollars, (spent.units, held.units, amount.units))
        else:
            limit = f"the budget of {limits.tokens:,} tokens"
            so_far, flying, wanted = (f"{each.tokens:,}" for each in (spent, held, amount))
        more = f", up to {flying} is in flight" if self.in_flight else ""
        error = BudgetSpentError(
            f"{limit} could be passed: {so_far} is spent{more}, "
            f"and the next call may take {wanted}",
            hint=f"{_KEPT}; a smaller max_tokens lowers what a call may take",
        )
        error.of_command = limits.usd_name != BUDGET and limit.startswith(limits.usd_name)
        return error


class Reservation:
    """One call that was let go out. The first word on how it ended counts.

    As a context manager it stands for the call's whole time: left without a word, the call counts
    as lost, because it may have been sent.
    """

    __slots__ = ("_amount", "_meter", "_open", "_purpose", "worst")

    def __init__(
        self, meter: Meter, amount: Amount, worst: WorstCase, purpose: Purpose = "sample"
    ) -> None:
        self._meter = meter
        self._amount = amount
        self._purpose: Purpose = purpose
        self._open = True
        self.worst = worst

    def settle(self, response: Response) -> None:
        """An answer came: its cost and tokens count, or the worst case where they are unknown."""
        if not self._close():
            return
        meter, cost, tokens = self._meter, self._amount.units, self._amount.tokens
        if response.cost_usd is None:
            meter.unpriced += 1
        else:
            cost = units(response.cost_usd)
            if cost > self._amount.units > 0:
                meter._dearer *= cost / self._amount.units  # noqa: SLF001
            meter._incurred += cost  # noqa: SLF001 - the two are one thing
        if response.usage is not None:
            tokens = response.usage.input_tokens + response.usage.output_tokens
            meter.tokens += tokens
        meter._end(self._amount, Amount(cost, tokens), self._purpose)  # noqa: SLF001

    def lose(self, failure: Failure) -> None:
        """No answer came. What may be billed stays counted at its worst case."""
        if not self._close():
            return
        if failure.billable:
            self._lose()
        else:
            self._meter._end(self._amount, Amount(0, 0), self._purpose)  # noqa: SLF001

    def cancel(self) -> None:
        """The call was never sent."""
        if self._close():
            self._meter._free(self._amount)  # noqa: SLF001
            self._meter._admit()  # noqa: SLF001

    def _lose(self) -> None:
        meter = self._meter
        meter.lost += 1
        if self.worst.usd is None:
            meter.lost_unbounded += 1
        else:
            meter._at_risk += units(self.worst.usd)  # noqa: SLF001
        meter._end(self._amount, self._amount, self._purpose)  # noqa: SLF001

    def _close(self) -> bool:
        was, self._open = self._open, False
        return was

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._close():
            self._lose()
