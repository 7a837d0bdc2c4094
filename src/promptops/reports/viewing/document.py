"""One HTML page without a script: its policy allows its own style, and nothing else at all."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from pathlib import Path

import promptops.reports.html
from promptops.reports.html.markup import Child, Markup, element, text

_SHARED = Path(promptops.reports.html.__path__[0]) / "assets"
_OWN = Path(__file__).parent
_STYLES = (_SHARED / "tokens.css", _SHARED / "page.css", _OWN / "viewing.css")


def document(title: str, body: Markup, *, forms: bool = False) -> str:
    """A whole page.

    `forms`: it may send its own forms to where it came from; a page in a file has nowhere to.
    """
    style = "".join(each.read_text(encoding="utf-8") for each in _STYLES)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy(style, forms=forms)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>{text(title, 120)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f"{body}\n</body>\n</html>\n"
    )


def policy(style: str, *, forms: bool = False) -> str:
    """What a page may do, for its `meta`: show itself in this one style."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    target = "'self'" if forms else "'none'"
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; "
        f"form-action {target}"
    )


def masthead(*links: Child) -> Markup:
    """The strip at the top."""
    return element(
        "header",
        element("span", "promptops", class_="brand"),
        element("nav", *links, class_="tabs", aria_label="Pages") if links else None,
        class_="masthead",
    )


def link(words: str, address: str, class_: str | None = None) -> Markup:
    """A link to an address that this program has made, of any length."""
    return element("a", words, href=Markup(escape(address, quote=True)), class_=class_)
