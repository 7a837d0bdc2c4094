"""The law of the version: it grows when the meaning changes, and only then."""

from __future__ import annotations

from promptops.prompts.lint import Finding
from promptops.prompts.loading import LoadedPrompt


def version_findings(previous: LoadedPrompt, current: LoadedPrompt) -> list[Finding]:
    """Whether the author's number fits what became of the meaning since an earlier state.

    Errors: another meaning under the same number or a smaller one; another number over the same
    meaning.  A warning: another meaning whose `change` still tells of the one before.
    """
    before, now = previous.prompt.version, current.prompt.version
    where = current.document.locate(("version",))
    if previous.digest == current.digest:
        if before == now:
            return []
        verb = "grew" if now > before else "went back"
        message = f"the version {verb} from {before} to {now}, and the meaning is the same"
        return [Finding("error", message, where, f"write `version: {before}`")]
    findings = []
    if now <= before:
        said = f"is still {now}" if now == before else f"went back from {before} to {now}"
        hint = f"write `version: {before + 1}`, and say why in `change`"
        findings.append(
            Finding("error", f"the meaning changed, and the version {said}", where, hint)
        )
    change = current.prompt.change.strip()
    if change and change == previous.prompt.change.strip():
        findings.append(
            Finding(
                "warning",
                f"`change` still says what it said of version {before}",
                current.document.locate(("change",)),
                "say why this version exists",
            )
        )
    return findings
