"""Markdown read as GitHub reads it: parsed first, then searched for what it would link or call."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.token import Token

from promptops.reports.markdown.marker import MARKER

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

OURS = {"details", "summary", "b", "sub", "br", "span", "code"}
"""The only elements that are written as HTML, all without attributes."""

LINKED = re.compile(
    r"(?<![\w`])@[a-z0-9]"  # a person or a team
    r"|#\d|\bGH-\d"  # an issue
    r"|\b(?:https?|ftp|mailto|xmpp):|\bwww\.\w"  # an address
    r"|\w@\w"  # a mailbox
    r"|\b(?=[0-9a-f]*\d)[0-9a-f]{7,40}\b"  # a commit
    r"|:[a-z0-9_+-]+:"  # an emoji
    r"|\[\^|\]\(|<!--",
    re.IGNORECASE,
)
"""What GitHub turns into something else wherever it stands in text, and not in code."""

NEVER = {
    "image",
    "link_open",
    "s_open",
    "em_open",
    "ordered_list_open",
    "hr",
    "code_block",
    "lheading_open",
}
"""What no report has, so that it can only come from others."""


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.texts: list[str] = []
        self.comments: list[str] = []

    def handle_starttag(self, tag, attrs):
        assert tag in OURS, tag
        assert not attrs
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "code" not in self.open:
            self.texts.append(data)

    def handle_comment(self, data):
        self.comments.append(data)


def leaves(text: str) -> list[Token]:
    """All tokens, inline ones in the place of what holds them."""
    found: list[Token] = []
    for token in PARSER.parse(text):
        found += token.children or [] if token.type == "inline" else [token]
    return found


def assert_inert(text: str, *, gated: bool) -> None:
    """Whatever was put into it is code or plain words, and the page keeps its shape."""
    tokens = leaves(text)
    kinds = {token.type for token in tokens}
    assert not kinds & NEVER, kinds & NEVER
    html = _Html()
    for token in tokens:
        if token.type in {"html_block", "html_inline"}:
            html.feed(token.content)
        elif token.type == "text":
            assert not LINKED.search(token.content), token.content
            assert "$" not in token.content or html.open[-1:] == ["span"], token.content
    html.close()
    assert html.open == []
    for told in html.texts:
        assert not LINKED.search(told), told
        assert "$" not in told or told == "$"
    assert html.comments == ([" promptops:gate "] if gated else [])
    assert text.count(MARKER) == text.count("<!--") == int(gated)
    if gated:
        assert text.endswith(f"\n\n{MARKER}\n")
    assert_tables(text)


def assert_tables(text: str) -> None:
    """Every row of a table has as many cells as its head, as the raw text has them."""
    cells, fence = 0, ""
    for line in text.splitlines():
        run = re.match(r"`{3,}", line)
        if run and (not fence or line == fence):
            fence = "" if fence else run[0]
        if fence or not line.startswith("| "):
            cells = 0
            continue
        assert line.endswith(" |")
        cells = cells or line.count("|")
        assert line.count("|") == cells, line
