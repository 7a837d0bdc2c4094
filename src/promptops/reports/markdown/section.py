"""All that is told of one suite and model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from promptops.reports import changed_cases, facts, remarks, words
from promptops.reports.headline import headline, told_by
from promptops.reports.judged_results import by_answer, judged
from promptops.reports.markdown.blocks import bullets, folded, joined
from promptops.reports.markdown.cases import ChangedCases, cases_block
from promptops.reports.markdown.detail import Detail
from promptops.reports.markdown.inline import Markup
from promptops.reports.markdown.metrics import about_block, metrics_block, slices_block, sure_block
from promptops.reports.markdown.prompt import around_block, prompt_block, said_list
from promptops.reports.markdown.standing import report_sign, report_word
from promptops.reports.markdown.usage import run_line, usage_block
from promptops.reports.prompt_changes import PromptChanges, prompt_changes
from promptops.reports.votes import Votes, votes_behind, votes_said
from promptops.values.gate import SuiteGate
from promptops.values.report import CaseReport, Report
from promptops.values.results import Results

How = Literal["open", "folded", "alone"]

_MOST_CASES = 200
_MOST_REASONS = 8
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Subject:
    """One report, with what is looked up once however often it is written."""

    report: Report
    suite: SuiteGate | None
    """What the gate says of it; None where no gate asked."""
    changes: PromptChanges | None
    """None where the texts of both versions are not known."""
    changed: list[CaseReport]
    votes: Votes

    @property
    def told(self) -> ChangedCases:
        """What is told of its cases."""
        return ChangedCases(self.report, self.changed, self.votes)


def subject(report: Report, suite: SuiteGate | None, results: Results) -> Subject:
    """A report and what it is told from.

    Only the prompts are read of what is behind it; and of a report with a judge what it said.
    """
    behind = results.details(report.run)
    before, after = (behind.baseline, behind.candidate) if behind else (None, None)
    changes = prompt_changes(before, after) if before and after else None
    changed = changed_cases.changed(report)
    told = {each.id for each in changed_cases.choose(changed, _MOST_CASES)}
    known = judged(results)
    votes = votes_said(known.said(report)) or votes_behind(
        behind, report, by_answer(known.labels(report)), told
    )
    return Subject(report, suite, changes, changed, votes)


def section(each: Subject, detail: Detail, markup: Markup, how: How) -> str:
    """A suite below its name; behind its name where it is folded away; or the body alone."""
    report, body = each.report, _body(each, detail, markup)
    if how == "alone":
        return body
    body = joined([f"**{finding(report, markup)}**", body])
    if how == "open":
        return joined([f"### {title(report, markup)}", body])
    name = markup.summary(report.suite, _LONGEST_NAME)
    return folded(f"{report_sign(report, markup)} {name} {report_word(report)}", body)


def title(report: Report, markup: Markup) -> str:
    """The sign, the suite and its verdict."""
    name = markup.code(report.suite, _LONGEST_NAME)
    return f"{report_sign(report, markup)} {name} {report_word(report)}"


def _body(each: Subject, detail: Detail, markup: Markup) -> str:
    report = each.report
    blocks = [_about(report, markup), _reasons(report, markup), _outlook(report, markup)]
    blocks.append(metrics_block(report, markup))
    blocks.append(sure_block(report, markup))
    blocks.append(prompt_block(each.changes, detail, markup))
    blocks.append(around_block(report, each.suite, each.changes, markup))
    if each.suite and each.suite.notes:
        blocks.append(said_list("Notes", each.suite.notes, markup))
    more = "" if each.suite else facts.again(report)
    blocks.append(cases_block(each.told, detail, markup, more))
    if detail.rest:
        blocks.append(slices_block(report, markup))
        blocks.append(about_block(report, markup, each.votes))
        blocks.append(usage_block(report, markup))
        warnings = [one for one in report.warnings if not facts.told_by_cause(report, one)]
        blocks.append(said_list("Warnings", warnings, markup))
    blocks.append(run_line(report, markup, more))
    return joined(blocks)


def finding(report: Report, markup: Markup) -> str:
    """The finding in one sentence."""
    return markup.sentence(headline(report, markup.signs), 400)


def _about(report: Report, markup: Markup) -> str:
    told = [words.versions(report, markup.signs)]
    if report.prompt != report.suite:
        told.insert(0, f"prompt {markup.code(report.prompt, _LONGEST_NAME)}")
    if report.model:
        told.append(markup.code(report.model, _LONGEST_NAME))
    if report.candidate.change:
        told.append(f"“{markup.sentence(report.candidate.change, 300)}”")
    line = f" {markup.signs.dot} ".join(told)
    return line if markup.unicode else line.replace("“", '"').replace("”", '"')


def _reasons(report: Report, markup: Markup) -> str:
    """What the finding does not say; of a stopped run how much it had."""
    found = headline(report, markup.signs)
    reasons = [each for each in report.reasons if not told_by(found, each, report)]
    lines = [markup.sentence(each) for each in reasons[:_MOST_REASONS]]
    if facts.stopped(report):
        lines.append(f"{words.samples_had(report)}.")
    return bullets(dict.fromkeys(filter(None, lines)))


def _outlook(report: Report, markup: Markup) -> str:
    told, command = remarks.outlook(report)
    if not told:
        return ""
    line = markup.sentence(_first_up(told))
    return f"{line}: {markup.code(command, 200)}" if command else f"{line}."


def _first_up(text: str) -> str:
    return text[:1].upper() + text[1:]
