"""Which of two versions' answers to one case an LLM judge prefers, asked in both orders.

The judge is a prompt under `prompts/judges/` whose verdict is `first`, `second`, `tie` or
`cannot_tell`; it is shown both answers as `first` and `second`, and columns of the case, but not
what was sent.  Each pair is asked about twice, with the answers in either order: an answer that
wins in both scores 1 and the other 0, one that wins in one order alone ties at 0.5.  Both words are
kept, with the order in which they were said.

Two equal answers tie, and an answer without content loses to one with it, without a call.  An
answer that failed by itself loses to one that did not.  Where a version has nothing to be compared
with, it has no such score.  `models`, `votes` and `combine` are those of a judge of single answers.
"""

from __future__ import annotations

from promptops.judges.answers import has_content
from promptops.judges.pairs import PairJudge
from promptops.judges.verdicts import JudgeOptionError
from promptops.prompts.loading import LoadedPrompt
from promptops.scorers.comparing.text import normalize
from promptops.scorers.judging.options import JudgingOptions, seated
from promptops.scorers.scorer import Expected, OptionError, Project, Services, Subject
from promptops.values.score import Scored, Unscorable

PAIRS = True


class Options(JudgingOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a suite may write."""


def attach(options: Options, services: Project, _prompt: LoadedPrompt | None) -> PairJudge:
    loaded = services.load_prompt(options.prompt)
    try:
        return PairJudge(loaded, panel=seated(options, loaded), inputs=options.inputs)
    except JudgeOptionError as error:
        raise OptionError(str(error), option=error.option, hint=error.hint) from None


def fixed(subject: Subject) -> bool:
    """Whether one of the two holds nothing: it loses, whichever way the question is put."""
    if subject.rival is None:
        return False
    rival = normalize(subject.rival.content, subject.normalize)
    return has_content(subject.answer) != has_content(rival)


def check(_options: Options, expected: Expected, prepared: PairJudge) -> str | None:
    return prepared.check(expected.columns)


async def score(_options: Options, subject: Subject, services: Services) -> Scored:
    judge: PairJudge = subject.prepared
    if subject.rival is None:
        return Unscorable("there is no other answer to compare it with", judge.digest)
    rival = normalize(subject.rival.content, subject.normalize)
    return await judge.judge(subject.case.columns, subject.answer, rival, services.ask)
