"""Find the tags of a template that name other files, without Jinja2.

Knows just enough of the syntax to tell a tag from a comment, raw text and a string that holds one.
Rendering parses the same text with Jinja2; a test holds the two to the same answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_CHEAP = re.compile(r"\{%[-+]?\s*(?:include|import|from|extends)\b")
OPEN = re.compile(r"\{[%{#]")
"""How every tag begins; a text without it stands for itself."""

_WORD = re.compile(r"[-+]?\s*([A-Za-z_]\w*)?")
_RAW_END = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
# Possessive, so that a long text in quotes costs no memory.
_TOKEN = re.compile(
    r"""[-+]?[%}]\}|'(?:[^'\\]++|\\.)*+'|"(?:[^"\\]++|\\.)*+"|[()\[\]{}]""", re.DOTALL
)
_NAME = re.compile(r"""\s*(?:'([^'\\]*)'|"([^"\\]*)")\s*(?P<rest>.*)\Z""", re.DOTALL)
_REST = {
    "include": re.compile(r"(?:ignore\s+missing)?\s*(?:with\s+context)?\s*\Z"),
    "import": re.compile(r"as\s+\w+\s*(?:with\s+context)?\s*\Z"),
    "from": re.compile(r"import\b.*\Z", re.DOTALL),
    "extends": re.compile(r"\Z"),
}
_WITHOUT = re.compile(r"\bwithout\s+context\s*\Z")


@dataclass(frozen=True, slots=True)
class Reference:
    """One tag that names a file."""

    tag: str
    name: str | None
    """None where the name is not one plain quoted text."""
    offset: int
    """Of the tag, in the template."""
    optional: bool = False
    """`ignore missing`."""
    detached: bool = False
    """`without context`."""


def references(text: str) -> Iterator[Reference]:
    """The tags that name files, in order."""
    if not _CHEAP.search(text):
        return
    at = 0
    while opening := OPEN.search(text, at):
        start, kind = opening.start(), opening[0]
        if kind == "{#":
            end = text.find("#}", start + 2)
            at = end + 2 if end >= 0 else len(text)
            continue
        word, at = _word(text, start + 2) if kind == "{%" else ("", start + 2)
        if word == "raw":
            close = _RAW_END.search(text, at)
            at = close.end() if close else len(text)
            continue
        inner, at = _tag_end(text, at, "%" if kind == "{%" else "}")
        if word in _REST:
            yield _reference(word, inner, start)


def _word(text: str, at: int) -> tuple[str, int]:
    match = _WORD.match(text, at)
    return (match[1] or "", match.end()) if match else ("", at)


def _tag_end(text: str, at: int, mark: str) -> tuple[str, int]:
    """What stands in the tag from `at`, and where the text goes on after it."""
    depth, start = 0, at
    while token := _TOKEN.search(text, at):
        found = token[0]
        if depth == 0 and found.endswith("}") and len(found) > 1 and found[-2] == mark:
            return text[start : token.start()], token.end()
        at = token.end()
        if found[0] in "([{":
            depth += 1
        elif found[0] in ")]}":
            # `}}` inside a dict closes one brace; the other one is looked at again
            depth, at = max(depth - 1, 0), token.start() + 1
        elif found[-1] == "}":
            closes = found[-2] == "}" and depth > 0
            depth, at = (depth - 1 if closes else depth), token.start() + len(found) - 1
    return text[start:], len(text)


def _reference(tag: str, inner: str, offset: int) -> Reference:
    match = _NAME.match(inner)
    detached = _WITHOUT.search(inner) is not None
    rest = _WITHOUT.sub("", match["rest"]) if match else ""
    if match is None or not _REST[tag].match(rest):
        return Reference(tag, None, offset)
    name = match[1] if match[1] is not None else match[2]
    return Reference(tag, name, offset, rest.startswith("ignore"), detached)
