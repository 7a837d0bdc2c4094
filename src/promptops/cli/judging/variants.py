"""The other wordings of a judge that are tried: files of people, or made out of the judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promptops.cli.output import note
from promptops.documents.tree import Tree
from promptops.documents.yaml_rewriting import rewritten
from promptops.engine.judging.trying import OneOtherFile
from promptops.engine.judging.uses import Use, uses_of
from promptops.engine.preparing import Workplace
from promptops.engine.scoring import ProjectAccess
from promptops.errors import InputError
from promptops.judges.rubric import Ruled
from promptops.judges.variants import Variant, automatic_variants
from promptops.prompts.includes import FOLDER
from promptops.prompts.loading import SUFFIX, LoadedPrompt, load_prompt, parse_prompt, prompt_path

CURRENT = "as it is"


@dataclass(frozen=True, slots=True)
class Wording:
    """One wording of the judge, made ready in the suite that it is tried in."""

    name: str
    about: str
    loaded: LoadedPrompt
    use: Use
    access: ProjectAccess

    @property
    def current(self) -> bool:
        """It is the judge as its file has it."""
        return self.name == CURRENT


def wordings(
    use: Use, place: Workplace, asked: str | None, model: str | None, *, quiet: bool
) -> list[Wording]:
    """The judge as it is, and its variants; those that mean the same are left out.

    `asked` is a folder of files, a number of automatic ones, or None: the files beside the judge
    where there are any, else all automatic ones.

    Raises:
        InputError: a file is wrong, or there is nothing to try.
    """
    assert use.scorer.judge is not None
    judge = use.scorer.judge[0]
    access = ProjectAccess(place.tree, place.root)
    current = Wording(CURRENT, "", load_prompt(place.tree, judge), use, access)
    found = [current]
    digests = {current.loaded.digest: CURRENT}
    for variant in _variants(current, place.tree, asked):
        wording = _ready(variant, judge, use, place, model)
        same = digests.setdefault(wording.loaded.digest, variant.name)
        if same == variant.name:
            found.append(wording)
        elif not quiet:
            note(f"{variant.name} means the same as {same}: it is not tried")
    if len(found) == 1:
        raise InputError(
            f"there is nothing to try {judge} against",
            hint=f"write variants of it into {_folder(judge)}/",
        )
    return found


def next_version(current: LoadedPrompt, picked: LoadedPrompt, change: str) -> str:
    """The file of what was picked, as the next version of the judge."""
    value = picked.document.value | {"version": current.prompt.version + 1, "change": change}
    return rewritten(picked.document, picked.source, value)


def _variants(current: Wording, tree: Tree, asked: str | None) -> Sequence[Variant]:
    judge = current.loaded.name
    if asked is not None and asked.isascii() and asked.isdecimal():
        return _automatic(current)[: int(asked)]
    if asked is not None:
        return _from_folder(asked.rstrip("/"), tree)
    folder = _folder(judge)
    written = [path for path in tree.list(folder) if path.endswith(SUFFIX)]
    return _from_folder(folder, tree) if written else _automatic(current)


def _automatic(current: Wording) -> list[Variant]:
    options = current.use.scorer.options
    labels, scale = getattr(options, "labels", None), getattr(options, "scale", None)
    return automatic_variants(Ruled(current.loaded, labels=labels, scale=scale))


def _from_folder(folder: str, tree: Tree) -> list[Variant]:
    if not folder.startswith(f"{FOLDER}/"):
        raise InputError(
            f"--variants {folder}: neither a number nor a folder below {FOLDER}/",
            hint=f"--variants 4, or --variants {FOLDER}/judges/NAME.variants",
        )
    found = []
    for path in tree.list(folder):
        if path.endswith(SUFFIX):
            # Read under its own name first: what is wrong with it is told with its own place.
            loaded = load_prompt(tree, path.removeprefix(f"{FOLDER}/").removesuffix(SUFFIX))
            name = path.removeprefix(f"{folder}/").removesuffix(SUFFIX)
            about = loaded.prompt.change or loaded.prompt.description
            found.append(Variant(name, about, loaded.source))
    if not found:
        raise InputError(f"--variants {folder}: there is no {SUFFIX} file in it")
    return found


def _ready(variant: Variant, judge: str, use: Use, place: Workplace, model: str | None) -> Wording:
    tree = OneOtherFile(place.tree, prompt_path(judge), variant.source)
    access = ProjectAccess(tree, place.root)
    try:
        loaded = parse_prompt(variant.source, judge, tree)
        uses = uses_of(judge, tree, access, suites=[use.suite.name], model=model)
    except InputError as error:
        message = f"the variant {variant.name!r}: {error.message}"
        raise InputError(message, location=error.location, hint=error.hint) from None
    same = next(each for each in uses if (each.metric, each.own) == (use.metric, use.own))
    return Wording(variant.name, variant.about, loaded, same, access)


def _folder(judge: str) -> str:
    return f"{FOLDER}/{judge}.variants"
