"""A judge: a prompt that is shown an answer and asked for one verdict."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from promptops.errors import InputError, did_you_mean
from promptops.judges.answers import fence, has_content
from promptops.judges.verdicts import (
    JudgeOptionError,
    MalformedVerdictError,
    Verdict,
    VerdictReader,
)
from promptops.prompts.expressions import Expression
from promptops.prompts.inputs import InputChecker
from promptops.prompts.loading import LoadedPrompt
from promptops.prompts.rendering import Renderer
from promptops.values.request import Message, Request
from promptops.values.response import Failure, Outcome, Response
from promptops.values.score import Score, Scored, Unscorable

Ask = Callable[[Request, int], Awaitable[Outcome]]
"""One answer to a request; another index is another draw."""

ATTEMPTS = 2
"""A malformed verdict is asked for once more."""

FENCE = "fence"
ANSWER = "answer"
_STAND_IN = "-"
_MAX_REASON = 300


class Judge:
    """One judge prompt, made ready.

    Its inputs are filled by name, or by `inputs` (variable to template).  Both see the columns of
    the case, and

    - `answer`: the answer under judgement.  It hides a column of this name;
    - `question`: the column of this name, or else the last user message that was sent;
    - `conversation`: all messages that were sent, each under its role.  It hides a column of this
      name;
    - `case`: all columns, the hidden ones too.  It hides a column of this name.

    `fence` is always filled by us: a line to put before and after the answer.

    Raises:
        JudgeOptionError: the prompt is no judge, or `inputs` do not fit it.
        InputError: the prompt or a template does not compile.
    """

    def __init__(
        self,
        loaded: LoadedPrompt,
        reader: VerdictReader,
        *,
        model: str | None = None,
        inputs: Mapping[str, str] | None = None,
    ) -> None:
        self.name = loaded.name
        self.version = loaded.prompt.version
        self.digest = loaded.digest
        self.model = model or loaded.prompt.model
        self._reader = reader
        self._override = model
        self._declared = list(loaded.prompt.inputs)
        self._defaults = {n for n, schema in loaded.prompt.inputs.items() if "default" in schema}
        _check_inputs(self._declared, inputs or {}, loaded.name)
        self._templates = {name: Expression(text) for name, text in (inputs or {}).items()}
        self._checker = InputChecker.of(loaded)
        self._renderer = Renderer(loaded)
        self._check_answer_is_shown(loaded.name)

    def check(self, columns: Mapping[str, Any]) -> str | None:
        """What the judge lacks for a case with these columns, in one sentence, or None."""
        try:
            variables = self._fill(_visible(columns, _STAND_IN, _STAND_IN, _STAND_IN))
        except InputError as error:
            return f"{error.message} ({error.hint})" if error.hint else error.message
        return self._checker.check(variables)

    async def judge(
        self, columns: Mapping[str, Any], request: Request, answer: str, ask: Ask
    ) -> Scored:
        """The verdict on one answer.

        Nothing to judge is a score of zero without a call.  A judge that cannot be asked, or that
        says nothing readable twice, makes the answer unscorable.
        """
        answer = answer.encode("utf-8", "replace").decode("utf-8")  # lone surrogates cannot be sent
        if not has_content(answer):
            return Score(0.0, "empty", "there is nothing to judge", self.digest)
        try:
            question = self._request(columns, request, answer)
        except InputError as error:
            return Unscorable(
                f"the judge cannot be shown it: {error.message}"[:_MAX_REASON], self.digest
            )
        reason = ""
        for index in range(ATTEMPTS):
            outcome = await ask(question, index)
            if isinstance(outcome, Failure):
                reason = f"the judge could not be asked ({outcome.kind}): {outcome.message}"
                return Unscorable(reason[:_MAX_REASON], self.digest, infrastructure=True)
            try:
                verdict = self._read(outcome, answer)
            except MalformedVerdictError as error:
                reason = str(error)
                continue
            return Score(verdict.value, verdict.label, verdict.explanation, self.digest)
        reason = f"the judge gave no readable verdict, {ATTEMPTS} times: {reason}"
        return Unscorable(reason[:_MAX_REASON], self.digest)

    def _request(self, columns: Mapping[str, Any], request: Request, answer: str) -> Request:
        visible = _visible(columns, answer, _question(request), _conversation(request))
        return self._renderer.render(self._fill(visible), model=self._override)

    def _fill(self, visible: Mapping[str, Any]) -> dict[str, Any]:
        variables: dict[str, Any] = {}
        for name in self._declared:
            if name in self._templates:
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
            variables[FENCE] = fence(self.digest, variables)
        return variables

    def _check_answer_is_shown(self, name: str) -> None:
        """Raise unless some variable that the messages use is filled from the answer."""
        filled = {each for each, template in self._templates.items() if ANSWER in template.names}
        if ANSWER not in self._templates:
            filled.add(ANSWER)
        if not filled & self._renderer.used:
            raise JudgeOptionError(
                f"{name} is never shown the answer",
                hint="declare an input  answer: {type: string}  and place it in a message",
            )

    def _read(self, response: Response, answer: str) -> Verdict:
        said = response.content.strip()
        if response.refusal or response.finish_reason == "content_filter":
            raise MalformedVerdictError("it refused")
        if response.finish_reason == "length":
            raise MalformedVerdictError("it was cut at its token limit")
        if not said:
            raise MalformedVerdictError("it said nothing")
        verdict = self._reader.read(said)
        if said in answer:
            raise MalformedVerdictError("it repeats words of the answer as its verdict")
        return verdict


def _check_inputs(declared: list[str], inputs: Mapping[str, str], name: str) -> None:
    for variable in inputs:
        if variable == FENCE:
            raise JudgeOptionError("fence is filled by promptops itself", option="inputs")
        if variable not in declared:
            raise JudgeOptionError(
                f"{name} has no input {variable!r}",
                option="inputs",
                hint=did_you_mean(variable, declared),
            )


def _visible(
    columns: Mapping[str, Any], answer: str, question: str, conversation: str
) -> dict[str, Any]:
    return {
        "question": question,
        **columns,
        "case": dict(columns),
        "conversation": conversation,
        ANSWER: answer,
    }


def _question(request: Request) -> str:
    asked = [message for message in request.messages if message.role == "user"]
    return _text(asked[-1]) if asked else ""


def _conversation(request: Request) -> str:
    return "\n\n".join(f"{message.role}: {_text(message)}" for message in request.messages)


def _text(message: Message) -> str:
    if isinstance(message.content, list):
        return "\n".join(str(part.get("text", "")) for part in message.content if "text" in part)
    return message.content or ""
