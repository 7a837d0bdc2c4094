"""What a reader of each format makes of a report: its text, and all that could act in it.

A format that is not here is held to what all of them keep.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser

from markdown_it import MarkdownIt

VOID = {"br", "hr", "img", "input", "link", "meta", "col", "wbr", "source"}
ACTIVE = {"script", "style", "link", "meta", "base", "iframe", "object", "embed", "form", "img"}
OPEN_ENDED = {"p", "li", "tr", "td", "th", "dt", "dd", "option", "tbody", "thead"}
WHERE_NOTHING_IS_LINKED = {"code", "pre", "script", "style", "a"}


@dataclass
class Seen:
    """What a page is made of."""

    parts: set[tuple[str, str]] = field(default_factory=set)
    """Element and attribute; "" for the element itself."""
    addresses: set[str] = field(default_factory=set)
    active: Counter[str] = field(default_factory=Counter)
    """How many elements of each kind there are that run, style or load something."""
    comments: set[str] = field(default_factory=set)
    linked: list[str] = field(default_factory=list)
    """Texts in which a forge looks for mentions and references."""
    unclosed: list[str] = field(default_factory=list)


class _Page(HTMLParser):
    """Reads as a browser does; code is no text to look for mentions in."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen = Seen()
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.parts.add((tag, ""))
        self.seen.active[tag] += tag in ACTIVE
        for name, value in attrs:
            self.seen.parts.add((tag, name))
            if name in {"href", "src", "action", "formaction", "srcset", "data", "xlink:href"}:
                self.seen.addresses.add(value or "")
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open[-1] != tag and self._open[-1] in OPEN_ENDED:
            self._open.pop()
        if self._open and self._open[-1] == tag:
            self._open.pop()
        elif tag not in VOID:
            self.seen.unclosed.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        if not set(self._open) & WHERE_NOTHING_IS_LINKED:
            self.seen.linked.append(data)

    def handle_comment(self, data: str) -> None:
        self.seen.comments.add(data)

    def close(self) -> None:
        super().close()
        self.seen.unclosed += [tag for tag in self._open if tag not in OPEN_ENDED]


def read_html(text: str) -> Seen:
    page = _Page()
    page.feed(text)
    page.close()
    return page.seen


def read_markdown(text: str) -> Seen:
    """As a forge does: with tables and raw HTML, which it cleans and we must not need."""
    return read_html(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text))


def read_junit(text: str) -> Seen:
    """By a strict parser, which refuses characters that XML has no room for."""
    root = ET.fromstring(text.encode())
    parts = {(element.tag, "") for element in root.iter()}
    parts |= {(element.tag, name) for element in root.iter() for name in element.attrib}
    return Seen(parts)


def read_json(text: str) -> Seen:
    """By a strict parser, which takes no NaN and no lone surrogate."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    json.loads(text.encode(), parse_constant=refuse)
    return Seen()


_SIGNS = set("=+-@")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def read_csv(text: str) -> Seen:
    """Strictly; and as a spreadsheet that is told another separator, or none."""
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True))
    assert len({len(row) for row in rows}) == 1
    for cell in (cell for row in rows for cell in row):
        assert len(cell.encode("utf-16-le")) // 2 <= 32_767
        for part in re.split("[,;\t\r\n]", cell):
            begins = part.strip(' "\u00a0\u3000')
            sign = unicodedata.normalize("NFKC", begins[:1])[:1]
            assert sign not in _SIGNS or _NUMBER.fullmatch(begins), part[:80]
    return Seen()


READERS: dict[str, Callable[[str], Seen]] = {
    "html": read_html,
    "markdown": read_markdown,
    "junit": read_junit,
    "json": read_json,
    "csv": read_csv,
}


def mentions(texts: Iterable[str]) -> list[str]:
    """What a forge would turn into a link to a person, an issue, a commit or a site."""
    found = re.compile(
        r"(?<![\w`])@[A-Za-z][\w-]*|(?<!\w)#\d+|\bGH-\d+|https?://\S+|\bwww\.\S+|\b[0-9a-f]{40}\b"
    )
    return [each[0] for text in texts for each in found.finditer(text)]
