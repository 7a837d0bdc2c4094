"""Judge prompts written into a folder, and judges that say what a test has them say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from promptops.values.request import Request
from promptops.values.response import Outcome, Response
from tests.scoring import Desk

Says = Callable[[Request, int], Outcome]


def said(verdict: Any, explanation: str = "so", **more: Any) -> Response:
    """A verdict, as a judge says it."""
    return Response(json.dumps({"explanation": explanation, "verdict": verdict, **more}))


def written(
    inputs: str = "answer: {type: string}",
    shown: str = "{{ answer }}",
    verdict: str | None = "{enum: [good, bad, cannot_tell]}",
    more: str = "",
) -> str:
    """A judge's file; without a `verdict` it has no output schema of its own."""
    text = f"version: 1\nmodel: openai/judge\ninputs: {{{inputs}, fence: {{type: string}}}}\n"
    text += f'messages:\n  - role: user\n    content: "{{{{ fence }}}} {shown} {{{{ fence }}}}"\n'
    if verdict is not None:
        text += (
            "output:\n  schema:\n    type: object\n    required: [explanation, verdict]\n"
            "    additionalProperties: false\n    properties:\n"
            f"      explanation: {{type: string}}\n      verdict: {verdict}\n"
        )
    return text + more


def bench(root: Path, text: str, says: Says | None = None) -> Desk:
    """A desk whose project has the judge `judges/plain`."""
    place = root / "prompts" / "judges" / "plain.yaml"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")
    return Desk(root, answer=says)


def in_turn(*outcomes: Outcome) -> Says:
    """One after the other."""
    left = list(outcomes)
    return lambda request, index: left.pop(0)


def content(request: Request) -> str:
    return str(request.messages[0].content)
