"""What a Python function of the project says; runs only under `--allow-code`.

`file` is a path from the root of the project, `function` a function in it that takes the answer's
text and a dictionary of the case's columns, and returns a number from 0 to 1, true or false, or one
of these with an explanation: `(0.5, "half of the names")`.  It may be `async`.  What it raises, or
returns besides, makes the sample unscorable.  It runs in this process, unguarded: allow only code
you trust.
"""

from __future__ import annotations

import ast
import copy
import hashlib
import inspect
import math
import sys
import warnings
from collections.abc import Callable, Collection
from dataclasses import dataclass
from types import ModuleType
from typing import Annotated, Any

from msgspec import Meta

from promptops.documents.tree import WorkingTree
from promptops.errors import InputError, Location, did_you_mean
from promptops.prompts.loading import LoadedPrompt
from promptops.scorers.comparing.text import encodable
from promptops.scorers.scorer import (
    OptionError,
    Project,
    ScorerOptions,
    Services,
    Subject,
)
from promptops.values.score import Score, Scored, Unscorable

MAX_SHOWN = 200
MAX_EXPLANATION = 2_000


class Options(ScorerOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a suite may write."""

    file: Annotated[
        str, Meta(min_length=1, description="A Python file, from the root of the project.")
    ]
    function: Annotated[str, Meta(min_length=1, description="A function in it.")] = "score"


@dataclass(frozen=True, slots=True)
class _Loaded:
    function: Callable[[str, dict[str, Any]], Any]
    digest: str


def attach(options: Options, services: Project, _prompt: LoadedPrompt | None) -> _Loaded:
    if not services.allow_code:
        raise OptionError(
            f"this scorer runs Python code of the project: {options.file}",
            option="file",
            hint="read the file, and pass --allow-code if you trust it",
        )
    source = _source(options, services)
    module = _run(source, options.file)
    function = getattr(module, options.function, None)
    if not callable(function):
        names = [name for name, value in vars(module).items() if inspect.isfunction(value)]
        raise _no_function(options, names)
    return _Loaded(function, code_digest(source))


def code_digest(source: str) -> str:
    """What enters the scorer's digest of its code: 64 hex digits."""
    return hashlib.sha256(source.encode()).hexdigest()


def examine(options: Options, services: Project) -> None:
    """Check what can be told without running the code: the file, its syntax, its function.

    Raises:
        OptionError, InputError: `attach` would fail for the same reason.
    """
    names = _defined(_syntax(_source(options, services), options.file))
    if names is not None and options.function not in names:
        raise _no_function(options, names)


def _source(options: Options, services: Project) -> str:
    try:
        source = WorkingTree(services.root).read(options.file)
    except InputError as error:
        raise OptionError(error.message, option="file", hint=error.hint) from None
    if source is None:
        raise OptionError(f"there is no file {options.file!r}", option="file")
    return source


def _no_function(options: Options, names: Collection[str]) -> OptionError:
    return OptionError(
        f"{options.file} has no function {options.function!r}",
        option="function",
        hint=did_you_mean(options.function, names) or f"def {options.function}(answer, case): …",
    )


def _defined(tree: ast.Module) -> set[str] | None:
    """Names that a module binds; None where only running it would tell (`import *`)."""
    names: set[str] = set()
    pending: list[ast.AST] = [*tree.body]
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
            continue  # what is bound within is not the module's
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            bound = {each.asname or each.name.partition(".")[0] for each in node.names}
            if "*" in bound:
                return None
            names |= bound
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        pending += ast.iter_child_nodes(node)
    return names


def _syntax(source: str, path: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            return ast.parse(source, path)
    except SyntaxError as error:
        where = Location(path, error.lineno or 0, error.offset or 0)
        raise InputError(f"not valid Python: {error.msg}", location=where) from None
    except (ValueError, RecursionError, MemoryError) as error:  # a NUL; nested too deeply
        raise InputError(f"not valid Python: {_short(error)}", location=Location(path)) from None


def _run(source: str, path: str) -> ModuleType:
    module = ModuleType(f"promptops_scorer_{hashlib.sha256(source.encode()).hexdigest()[:16]}")
    module.__file__ = path
    sys.modules[module.__name__] = module  # dataclasses, pickle and typing look their module up
    try:
        exec(compile(source, path, "exec", dont_inherit=True), vars(module))  # noqa: S102  allowed by name
    except SyntaxError as error:
        where = Location(path, error.lineno or 0, error.offset or 0)
        raise InputError(f"not valid Python: {error.msg}", location=where) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001  whatever their code raises
        raise InputError(f"cannot be loaded: {_short(error)}", location=Location(path)) from None
    return module


async def score(options: Options, subject: Subject, _services: Services) -> Scored:
    columns = copy.deepcopy(dict(subject.case.columns))
    try:
        result = subject.prepared.function(subject.answer, columns)
        if inspect.isawaitable(result):
            result = await result
    except (Exception, SystemExit) as error:  # noqa: BLE001  whatever their code raises
        return Unscorable(f"{options.function} raised {_short(error)}")
    return _scored(result)


def _scored(result: Any) -> Scored:
    value, explanation = result, ""
    if isinstance(result, tuple):
        if len(result) != 2 or not isinstance(result[1], str):
            return Unscorable("a tuple is a value and an explanation, nothing else")
        value, explanation = result[0], encodable(result[1])[:MAX_EXPLANATION]
    if isinstance(value, bool):
        return Score(float(value), "passed" if value else "failed", explanation)
    if not isinstance(value, (int, float)):
        return Unscorable(f"it returned {_kind(value)}, not a number, true or false")
    if not math.isfinite(value) or not 0 <= value <= 1:
        return Unscorable(f"it returned {value:.6g}, which is not in [0, 1]")
    return Score(float(value), "", explanation)


def _kind(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"


def _short(error: BaseException) -> str:
    first = str(error).strip().splitlines()[:1]
    text = f"{type(error).__name__}: {first[0] if first else ''}".rstrip(": ")
    return encodable(text)[:MAX_SHOWN]
