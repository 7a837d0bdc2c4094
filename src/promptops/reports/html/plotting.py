"""Scales and marks that plots share.

A plot is as wide as its place, and its letters keep their size: every x is in percent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

from promptops.reports.html.markup import Markup, element


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to percent of a plot's width, or its height."""

    low: float
    high: float
    start: float = 0.0
    end: float = 100.0

    def at(self, value: float) -> float:
        """Where a value stands; what lies outside stands at the edge."""
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)

    def percent(self, value: float) -> str:
        """The same as an attribute."""
        return f"{self.at(value):.2f}%"

    def ticks(self, most: int = 5) -> list[float]:
        """Round values within, a handful of them."""
        span = self.high - self.low
        if span <= 0:
            return [self.low]
        rough = span / most
        power = 10.0 ** floor(log10(rough))
        step = next(power * each for each in (1, 2, 5, 10) if power * each >= rough * 0.999)
        first, last = ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9)
        return [round(number * step, 10) + 0.0 for number in range(first, last + 1)]


def reaching(values: Iterable[float], *, least: float = 0.0) -> float:
    """The largest size among values, and `least` at least; what is no number counts for nothing."""
    return max([abs(each) for each in values if isfinite(each)] + [least])


def line(x1: str, y1: str, x2: str, y2: str, class_: str) -> Markup:
    """A straight line between two places."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def dot(x: str, y: str, radius: float, class_: str) -> Markup:
    """A filled circle, or a ring, as its class draws it."""
    return element("circle", cx=x, cy=y, r=f"{radius:g}", class_=class_)


def label(x: str, y: str, words: str, class_: str = "") -> Markup:
    """Words in a plot."""
    return element("text", words, x=x, y=y, class_=class_ or None)


def plot(*marks: Markup, height: int, said: str = "", class_: str = "") -> Markup:
    """A picture as wide as its place; `said` is what it shows, for who cannot see it."""
    if not said:
        return element(
            "svg", *marks, height=f"{height}", class_=f"plot {class_}", aria_hidden="true"
        )
    return element(
        "svg", *marks, height=f"{height}", class_=f"plot {class_}", role="img", aria_label=said
    )
