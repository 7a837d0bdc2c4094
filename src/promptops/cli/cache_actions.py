"""What `promptops cache` does: one function for each action."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime

from promptops.cli.ages import moment
from promptops.cli.cache_asked import Asked, check_together, has_store
from promptops.cli.cache_files import export, import_
from promptops.cli.cache_reach import reach_of, unfinished_runs
from promptops.cli.output import is_terminal, note, stream_surface, surface, tell
from promptops.cli.project import Project
from promptops.errors import ExitCode, HistoryError, InputError, StoreError, did_you_mean
from promptops.reports import stored, stored_checks
from promptops.store.begun import Begun
from promptops.store.database import FOLDER, StoreConnection, mark_damaged
from promptops.store.inventory import Amount, Contents, Texts, contents, file_bytes, shrink
from promptops.store.opening import opened_database
from promptops.store.pruning import Criteria, Pruning, Unfinished
from promptops.store.reading import Onlooker, opened_to_read
from promptops.store.recovery import mend
from promptops.store.verifying import Findings, Verifying


def act(project: Project, asked: Asked) -> int:
    """Do what was asked for; answers the exit code.

    Raises:
        InputError: there is no such action, or an option or a file does not go with it.
        StoreError: the store cannot be used.
    """
    action = _ACTIONS.get(asked.action)
    if action is None:
        raise InputError(
            f"there is no `promptops cache {asked.action}`",
            hint=did_you_mean(asked.action, _ACTIONS),
        )
    check_together(asked)
    return int(action(project, asked))


def _runs(project: Project, connection: StoreConnection) -> list[Unfinished]:
    with closing(Onlooker(project.root / FOLDER)) as claims:
        return unfinished_runs(Begun(connection, claims))


def _show(project: Project, asked: Asked) -> ExitCode:
    held: Contents | None = None
    lost: Amount | None = None
    if has_store(project):
        with opened_to_read(project.root) as connection:
            held = contents(connection, project.root)
            lost = _unreachable(project, connection) if held.total.responses else Amount()
    asked.show(
        lambda: stored.render_contents(held, lost, surface(asked.output)),
        lambda: stored.contents_json(held, lost),
    )
    return ExitCode.OK


def _unreachable(project: Project, connection: StoreConnection) -> Amount | None:
    try:
        reach = reach_of(project)
    except HistoryError as error:
        note(f"what belongs to versions out of reach is not told: {error.message}")
        return None
    chosen = Pruning(connection, lambda: _runs(project, connection)).select(Criteria(reach=reach))
    return chosen.total


def _prune(project: Project, asked: Asked) -> ExitCode:
    criteria, told = _criteria(project, asked)
    if not has_store(project):
        note("nothing is kept yet")
        return ExitCode.OK
    before = file_bytes(project.root)
    opened = opened_to_read if asked.dry_run else opened_database
    with opened(project.root) as connection:
        pruning = Pruning(connection, lambda: _runs(project, connection))
        selection = pruning.select(criteria)
        plan = stored.Pruned(selection, told, True, before, before)  # noqa: FBT003
        nothing = not selection.total.responses and selection.texts == Texts()
        if asked.dry_run or nothing:
            _show_pruned(asked, plan)
            return ExitCode.OK
        if not asked.yes and not _agreed(plan):
            note("nothing was deleted")
            return ExitCode.OK
        selection = pruning.prune(criteria)
        alone = not any(each.alive for each in _runs(project, connection))
        shrunk = shrink(connection, alone=alone)
    after = file_bytes(project.root)
    _show_pruned(asked, stored.Pruned(selection, told, False, before, after, shrunk))  # noqa: FBT003
    return ExitCode.OK


def _criteria(project: Project, asked: Asked) -> tuple[Criteria, list[str]]:
    if asked.older_than is None and not asked.unreachable:
        raise InputError(
            "promptops cache prune: nothing says what to delete",
            hint="by age: --older-than 30d; what belongs to versions that are gone: --unreachable",
        )
    before, reach, told = None, None, []
    if asked.older_than is not None:
        before = moment("--older-than", asked.older_than, datetime.now(UTC))
        told.append(f"drawn before {before[:16].replace('T', ' ')} UTC")
    if asked.unreachable:
        reach = reach_of(project)
        told.append("of versions neither on disk nor in git")
        for name in sorted(reach.unreadable):
            note(f"prompt {name!r} cannot be read: nothing that was drawn for it is deleted")
    return Criteria(before, reach), told


def _agreed(plan: stored.Pruned) -> bool:
    """Whether a person at the terminal says yes.

    Raises:
        InputError: there is nobody to ask.
    """
    if sys.stdin is None or not is_terminal(sys.stdin):
        raise InputError(
            "promptops cache prune asks before it deletes, and nobody is there to answer",
            hint="--yes deletes without asking, --dry-run only says what it would delete",
        )
    tell(stored.render_pruned(plan, stream_surface(sys.stderr), asking=True))
    tell("\ndelete them? [y/N] ")
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _show_pruned(asked: Asked, pruned: stored.Pruned) -> None:
    asked.show(
        lambda: stored.render_pruned(pruned, surface(asked.output)),
        lambda: stored.pruned_json(pruned),
    )


def _verify(project: Project, asked: Asked) -> ExitCode:
    verified = stored_checks.Verified(Findings(0, 0, 0, 0, []))
    if has_store(project):
        verified = _verified(project, repair=asked.repair)
    asked.show(
        lambda: stored_checks.render_verified(verified, surface(asked.output)),
        lambda: stored_checks.verified_json(verified),
    )
    return ExitCode.NO_VERDICT if verified.findings.damage else ExitCode.OK


def _verified(project: Project, *, repair: bool) -> stored_checks.Verified:
    removed, mended = 0, ""
    opened = opened_database if repair else opened_to_read
    with opened(project.root) as connection:
        found = Verifying(connection).look()
        if repair and not found.of("file") and found.damage:
            removed = Verifying(connection).remove(found.damage)
            found = Verifying(connection).look()
    if repair and found.of("file"):
        mended = _mended(project)
        with opened(project.root) as connection:
            found = Verifying(connection).look()
    return stored_checks.Verified(found, removed, mended)


def _mended(project: Project) -> str:
    """Have the file set aside, and what can be read of it carried over; says what became of it."""
    folder = project.root / FOLDER
    mark_damaged(folder)
    done = mend(folder)
    if done is None:
        raise StoreError("the store was found damaged, and is sound now: look again")
    return f"{done.outcome()}; the damaged one is {FOLDER}/{done.aside}"


_ACTIONS: dict[str, Callable[[Project, Asked], ExitCode]] = {
    "show": _show,
    "prune": _prune,
    "verify": _verify,
    "export": export,
    "import": import_,
}
