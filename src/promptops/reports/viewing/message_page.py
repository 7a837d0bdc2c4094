"""A page that says what went wrong, and how to mend it."""

from __future__ import annotations

from promptops.reports.html.markup import element, join
from promptops.reports.viewing.document import document, link, masthead


def message_page(title: str, message: str, hint: str | None, index: str | None) -> str:
    """The whole page; `index` is the address of the list of runs, where that may be told."""
    parts = [element("h1", title), element("p", message)]
    if hint:
        parts.append(element("p", hint, class_="quiet"))
    if index:
        parts.append(element("p", link("All runs", index)))
    body = join([masthead(), element("main", element("article", element("section", *parts)))])
    return document(title, body)
