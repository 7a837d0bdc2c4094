"""What an LLM judge says: a prompt under `prompts/judges/` with a rubric and a structured verdict.

Its output schema holds `explanation` and `verdict`.  A verdict that is a label is worth what
`labels` says, here or in the judge's own file; a whole number lies on `scale`, its low end worth 0
and its high end 1; a number is its own worth; yes/no `criteria` are added up.  The judge's inputs
are filled by name or by `inputs` from the case's columns and from `answer` (the text under
judgement), `question` (the last user message, where no column has this name), `conversation` (all
messages sent) and `case` (all columns); `fence` is a line to put around the answer.

Several `models` sit on a panel, and `votes` asks each of them the same question more than once;
`combine` says how the votes become one score, and all of them are kept.

Checks named by `after` come first: an answer that fails one scores 0 and is not judged.

An answer without content scores 0, negated or not, labelled `empty`, and is not judged.  A
malformed verdict is asked for once more, then the sample is unscorable, as it is when the judge
cannot be asked, or says that it cannot tell.  Judges can be talked round by the text they judge:
they measure quality and guard nothing.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from promptops.judges.answers import has_content
from promptops.judges.judge import Judge
from promptops.judges.rubric import Ruled
from promptops.judges.verdicts import JudgeOptionError
from promptops.prompts.loading import LoadedPrompt
from promptops.scorers.judging.options import JudgingOptions, seated
from promptops.scorers.scorer import Expected, OptionError, Project, Services, Subject
from promptops.values.score import Scored


class Options(JudgingOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a suite may write."""

    labels: Annotated[
        dict[str, Annotated[float, Meta(ge=0, le=1)] | None] | None,
        Meta(description="What each label is worth, from 0 to 1; null where it cannot tell."),
    ] = None
    scale: Annotated[
        tuple[int, int] | None, Meta(description="Low and high end of a whole number's scale.")
    ] = None
    after: Annotated[
        tuple[str, ...],
        Meta(description="Scorers that ask no model; an answer that fails one is not judged."),
    ] = ()


def attach(options: Options, services: Project, _prompt: LoadedPrompt | None) -> Judge:
    loaded = services.load_prompt(options.prompt)
    try:
        panel = seated(options, loaded)
        ruled = Ruled(loaded, labels=options.labels, scale=options.scale)
        return Judge(ruled, panel=panel, inputs=options.inputs)
    except JudgeOptionError as error:
        raise OptionError(str(error), option=error.option, hint=error.hint) from None


def fixed(subject: Subject) -> bool:
    """Whether there is nothing to judge: that earns nothing, whichever way the question is put."""
    return not has_content(subject.answer)


def check(_options: Options, expected: Expected, prepared: Judge) -> str | None:
    return prepared.check(expected.columns)


async def score(_options: Options, subject: Subject, services: Services) -> Scored:
    judge: Judge = subject.prepared
    return await judge.judge(subject.case.columns, subject.request, subject.answer, services.ask)
