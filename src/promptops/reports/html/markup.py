"""HTML in which text stays text, whoever wrote it."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from promptops.reports.safe_text import visible

MOST = 1_000
"""Characters of any one name, reason or warning that a page shows."""

_EMPTY = frozenset({"br", "circle", "input", "line", "polygon", "polyline", "rect", "wbr"})
"""Elements without content; those of SVG must be closed."""


class Markup(str):
    """HTML that this package has written. Any other text is escaped where it meets it."""

    __slots__ = ()


Child = str | Markup | None

NOTHING = Markup("")


def text(value: str, most: int = MOST) -> Markup:
    """One line that others may have written: cut, visible, and never markup."""
    told = visible(value[: most + 1])
    if len(value) > most or len(told) > 2 * most:
        told = told[:most].rstrip() + "…"
    return Markup(escape(told, quote=True))


def element(name: str, *children: Child, **attributes: str | bool | None) -> Markup:
    """An element. `class_` is `class`, `aria_label` is `aria-label`; None and False are left out.

    A child that is no `Markup` is text, and so is every attribute.
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _EMPTY:
        return Markup(f"<{name}{written}/>")
    return Markup(f"<{name}{written}>{join(children)}</{name}>")


def join(children: Iterable[Child], between: str = "") -> Markup:
    """One after the other; None is nothing."""
    told = [each if isinstance(each, Markup) else text(each) for each in children if each]
    return Markup(between.join(told))


def _attribute(name: str, value: str | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    return f' {name}="{value if isinstance(value, Markup) else text(value)}"'
