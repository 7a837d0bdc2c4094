"""What a judge is shown: its inputs filled in, its prompt rendered, the answers fenced off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from promptops.errors import InputError, did_you_mean
from promptops.judges.answers import fence
from promptops.judges.rubric import Ruled
from promptops.judges.verdicts import JudgeOptionError
from promptops.prompts.expressions import Expression
from promptops.prompts.inputs import InputChecker
from promptops.prompts.rendering import Renderer
from promptops.values.request import Message, Request

FENCE = "fence"


class Showing:
    """One judge prompt, ready to be rendered.

    Its inputs are filled by name from what is visible, or by `inputs` (variable to template over
    what is visible).  `fence`, `anchors` and `criteria` are filled by us.  `answers` are the names
    under which it is shown what it judges.

    Raises:
        JudgeOptionError: the inputs do not fit the prompt, or the prompt never shows an answer or
            its rubric.
        InputError: the prompt or a template does not compile.
    """

    def __init__(
        self, ruled: Ruled, answers: Sequence[str], inputs: Mapping[str, str] | None = None
    ) -> None:
        loaded = ruled.loaded
        self._digest = loaded.digest
        self._guidance = ruled.guidance
        self._schema = ruled.made_schema
        self._declared = list(loaded.prompt.inputs)
        self._defaults = {n for n, schema in loaded.prompt.inputs.items() if "default" in schema}
        self._check_inputs(inputs or {}, loaded.name)
        self._templates = {name: Expression(text) for name, text in (inputs or {}).items()}
        self._checker = InputChecker.of(loaded)
        self._renderer = Renderer(loaded)
        self._check_shown(loaded.name, answers)

    def problem(self, visible: Mapping[str, Any]) -> str | None:
        """What is lacking to show this, in one sentence, or None."""
        try:
            variables = self._fill(visible)
        except InputError as error:
            return f"{error.message} ({error.hint})" if error.hint else error.message
        return self._checker.check(variables)

    def request(self, visible: Mapping[str, Any]) -> Request:
        """What the judge is asked.

        Raises:
            InputError: something is lacking, or a template fails on it.
        """
        rendered = self._renderer.render(self._fill(visible))
        if self._schema is None:
            return rendered
        return msgspec.structs.replace(rendered, output_schema=self._schema)

    def _fill(self, visible: Mapping[str, Any]) -> dict[str, Any]:
        variables: dict[str, Any] = {}
        for name in self._declared:
            if name in self._guidance:
                variables[name] = self._guidance[name]
            elif name in self._templates:
                variables[name] = self._templates[name].evaluate(visible)
            elif name in visible:
                variables[name] = visible[name]
            elif name != FENCE and name not in self._defaults:
                raise InputError(
                    f"the judge wants {name!r}, which the case has not",
                    hint=f"inputs: {{{name}: '{{{{ column }}}}'}}",
                )
        if FENCE in self._declared:
            variables.pop(FENCE, None)
            variables[FENCE] = fence(self._digest, variables)
        return variables

    def _check_inputs(self, inputs: Mapping[str, str], name: str) -> None:
        for variable in inputs:
            if variable == FENCE or variable in self._guidance:
                raise JudgeOptionError(f"{variable} is filled by promptops itself", option="inputs")
            if variable not in self._declared:
                raise JudgeOptionError(
                    f"{name} has no input {variable!r}",
                    option="inputs",
                    hint=did_you_mean(variable, self._declared),
                )

    def _check_shown(self, name: str, answers: Sequence[str]) -> None:
        """Raise unless some variable that the messages use is filled from each answer."""
        for answer in answers:
            filled = {each for each, made in self._templates.items() if answer in made.names}
            if answer not in self._templates:
                filled.add(answer)
            if not filled & self._renderer.used:
                the = "the answer" if answer == "answer" else f"the {answer} answer"
                raise JudgeOptionError(
                    f"{name} is never shown {the}",
                    hint=f"declare an input  {answer}: {{type: string}}  and place it in a message",
                )
        for each in self._guidance:
            if each not in self._renderer.used:
                raise JudgeOptionError(
                    f"{name} is never shown its {each}",
                    hint=f"declare an input  {each}: {{type: string}}  and place it in a message",
                )


def sent_question(request: Request) -> str:
    """The last user message that was sent."""
    asked = [message for message in request.messages if message.role == "user"]
    return _text(asked[-1]) if asked else ""


def sent_conversation(request: Request) -> str:
    """All messages that were sent, each under its role."""
    return "\n\n".join(f"{message.role}: {_text(message)}" for message in request.messages)


def sendable(text: str) -> str:
    """A text without lone surrogates, which cannot be sent."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _text(message: Message) -> str:
    if isinstance(message.content, list):
        return "\n".join(str(part.get("text", "")) for part in message.content if "text" in part)
    return message.content or ""
