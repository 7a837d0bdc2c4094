"""The environment that templates run in: nothing but data, no disk, and a bound on everything."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import BuiltinMethodType, MethodType
from typing import Any, NoReturn

from jinja2 import DictLoader, StrictUndefined, Template, Undefined, nodes, pass_context
from jinja2.environment import TemplateModule
from jinja2.filters import _GroupTuple
from jinja2.runtime import BlockReference, Context, LoopContext, Macro, TemplateReference
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Cycler, Joiner, Namespace

from promptops.prompts.templates.filters import bounded_filters, bounded_tests
from promptops.prompts.templates.meter import (
    MAX_ARGUMENT,
    MAX_DEPTH,
    SCALARS,
    TemplateError,
    counted,
    joined,
    meter,
    text_of,
    value_bytes,
)
from promptops.prompts.templates.methods import ALLOWED, call_method
from promptops.prompts.templates.operators import binary, unary
from promptops.prompts.templates.rewriting import check_tokens, rewritten

_FILTERS = bounded_filters()
_TESTS = bounded_tests()
_ATTRIBUTES: dict[type, frozenset[str]] = {
    **ALLOWED,
    LoopContext: frozenset(
        (
            "changed",
            "cycle",
            "depth",
            "depth0",
            "first",
            "index",
            "index0",
            "last",
            "length",
            "nextitem",
            "previtem",
            "revindex",
            "revindex0",
        )
    ),
    Cycler: frozenset(("current", "next", "reset")),
    Macro: frozenset(("arguments", "catch_kwargs", "catch_varargs", "caller", "name")),
    BlockReference: frozenset(("super",)),
    _GroupTuple: frozenset(("grouper", "list")),
}
_CALLABLE = (Macro, BlockReference, LoopContext, Joiner)
_CALLABLE_METHODS = {Cycler: ("next", "reset"), LoopContext: ("cycle", "changed")}
_OPEN = (Namespace, TemplateModule, TemplateReference)


class Sandbox(ImmutableSandboxedEnvironment):
    """A Jinja2 environment whose templates see data alone and cannot outgrow their `Meter`.

    `files` are what `include`, `import` and `extends` may name. Render inside `meter.Metered`.
    """

    intercepted_binops = frozenset(("+", "-", "*", "/", "//", "%", "**"))
    intercepted_unops = frozenset(("+", "-"))

    def __init__(self, files: Mapping[str, str]) -> None:
        super().__init__(
            undefined=StrictUndefined,
            autoescape=False,
            keep_trailing_newline=True,
            trim_blocks=True,
            lstrip_blocks=True,
            optimized=False,
            finalize=_printed,
            loader=DictLoader(files),
        )
        self.filters = dict(_FILTERS)
        self.tests = dict(_TESTS)
        self.globals = {
            "range": _range,
            "dict": _dict,
            "namespace": Namespace,
            "cycler": Cycler,
            "joiner": Joiner,
        }
        self._functions = tuple(self.globals.values())

    concat = staticmethod(joined)

    # -- compiling

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        check_tokens(source, self, name)
        return rewritten(super()._parse(source, name, filename), self)

    @staticmethod
    def known_filters() -> list[str]:
        """The names of the filters."""
        return sorted(_FILTERS)

    @staticmethod
    def known_tests() -> list[str]:
        """The names of the tests."""
        return sorted(_TESTS)

    def template(self, tree: nodes.Template, name: str) -> Template:
        """Compile a parsed text; `name` is for errors."""
        code = self.compile(tree, name, name)
        return Template.from_code(self, code, self.make_globals(None))

    def get_template(self, *args: Any, **kwargs: Any) -> Template:
        meter().step()
        return super().get_template(*args, **kwargs)

    def handle_exception(self, source: str | None = None) -> NoReturn:
        raise sys.exception() or RuntimeError(source)

    # -- what compiled templates call

    def call_binop(
        self,
        context: Context,  # noqa: ARG002
        operator: str,
        left: Any,
        right: Any,
    ) -> Any:
        return binary(operator, left, right)

    def call_unop(self, context: Context, operator: str, arg: Any) -> Any:  # noqa: ARG002
        return unary(operator, arg)

    def joined_texts(self, *values: Any) -> str:
        """`a ~ b ~ c`."""
        return joined(text_of(value) for value in values)

    def literal(self, value: Any) -> Any:
        """A list, tuple or mapping that the template spells out, or what a comparison found."""
        return meter().made(value)

    def sliced(self, value: Any, start: Any, stop: Any, step: Any) -> Any:
        """`value[start:stop:step]`."""
        return meter().made(value[start:stop:step])

    def each(self, items: Iterable[Any]) -> Iterator[Any]:
        """The items of a loop."""
        return counted(items)

    def call(self, context: Context, target: Any, /, *args: Any, **kwargs: Any) -> Any:
        current = meter()
        current.step()
        current.pay(16 * len(args))
        if isinstance(target, (BuiltinMethodType, MethodType)):
            owner = target.__self__
            if owner is self or isinstance(owner, tuple(ALLOWED)):
                kwargs.pop("_loop_vars", None)
                kwargs.pop("_block_vars", None)
                return target(*args) if owner is self else call_method(target, args, kwargs)
        if not self._may_call(target):
            raise TemplateError(f"a {type(target).__name__.lower()} cannot be called in a template")
        if isinstance(target, LoopContext):
            args = tuple(counted(items) for items in args)
        elif isinstance(target, Macro) and (target.catch_varargs or target.catch_kwargs):
            value_bytes(args)
            value_bytes(kwargs)
        current.depth += 1
        if current.depth > MAX_DEPTH:
            raise TemplateError(f"macros, blocks or loops nested more than {MAX_DEPTH} deep")
        try:
            return current.made(context.call(target, *args, **kwargs))
        finally:
            current.depth -= 1

    def _may_call(self, target: Any) -> bool:
        if isinstance(target, (*_CALLABLE, Undefined)) or target in self._functions:
            return True
        owner = getattr(target, "__self__", None)
        return any(
            isinstance(owner, kind) and target.__name__ in names
            for kind, names in _CALLABLE_METHODS.items()
        )

    # -- attributes

    def getitem(self, obj: Any, argument: Any) -> Any:
        if not isinstance(argument, SCALARS):
            raise TemplateError("an item is named by a text or a number")
        return super().getitem(obj, argument)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:  # noqa: ARG002
        return None  # `format` is not among the methods of texts

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ARG002
        if attr.startswith("_"):
            return False
        if isinstance(obj, _OPEN):
            return True
        return any(isinstance(obj, kind) and attr in names for kind, names in _ATTRIBUTES.items())

    def unsafe_undefined(self, obj: Any, attribute: str) -> Undefined:
        return self.undefined(
            f"{attribute!r} of a {type(obj).__name__.lower()} is not available in templates",
            obj=obj,
            name=attribute,
        )


@pass_context
def _printed(_context: Context, value: Any) -> str:
    # Taking the context keeps the compiler from evaluating constants while it compiles.
    current = meter()
    if not current.capturing:
        return text_of(value)
    if isinstance(value, Undefined):
        return str(value)  # raises
    current.captured.append(value)
    return ""


def _range(*limits: Any) -> range:
    items = range(*limits)
    if len(items) > MAX_ARGUMENT:
        raise TemplateError(f"a range of more than {MAX_ARGUMENT:,} numbers", "loop over less")
    return items


def _dict(*args: Any, **kwargs: Any) -> dict[Any, Any]:
    return dict(*args, **kwargs)
