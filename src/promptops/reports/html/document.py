"""One HTML file: its policy, its style and its script.

The policy allows the one style and the one script whose digests it names, pictures within the page,
and nothing else: no network, no form, no other script, wherever it might come from.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from promptops.reports.html.markup import Markup, element, text

_ASSETS = Path(__file__).parent / "assets"
_STYLES = ("tokens.css", "page.css", "explorer.css", "labelling.css")
_SCRIPTS = (
    "text.js",
    "word_difference.js",
    "blocks.js",
    "search.js",
    "list.js",
    "steps.js",
    "votes.js",
    "case.js",
    "sheet.js",
    "asking.js",
    "labelling.js",
    "explorer.js",
    "page.js",
)


def document(title: str, body: Markup, data: Iterable[str] = ()) -> str:
    """A whole page. What it says stands before its data, so it is read while that still arrives."""
    return "".join(_parts(title, body, data))


def data_part(json: str, **attributes: str) -> str:
    """Data for the script. `json` must hold none of `<`, `>` and `&`, as `encode` writes it."""
    return element("script", Markup(json), type="application/json", **attributes) + "\n"


def _parts(title: str, body: Markup, data: Iterable[str]) -> Iterator[str]:
    style = "".join(_asset(name) for name in _STYLES)
    script = '"use strict";\n(() => {\n' + "".join(_asset(name) for name in _SCRIPTS) + "})();\n"
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    # `text` would write the quotes of the policy as entities, which a reader of the source has not
    # deserved; it holds no other character that HTML knows.
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield '<meta name="color-scheme" content="light dark">\n'
    yield '<meta name="referrer" content="no-referrer">\n'
    yield '<link rel="icon" href="data:,">\n'
    yield f"<title>{text(title, 120)}</title>\n"
    yield f"<style>{style}</style>\n<script>{script}</script>\n</head>\n<body>\n"
    yield body
    yield "\n"
    yield from data
    yield "</body>\n</html>\n"


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _digest(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
