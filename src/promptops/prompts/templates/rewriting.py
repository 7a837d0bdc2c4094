"""A parsed template made safe to compile: what would make values unseen becomes calls that measure.

Jinja2 lets an environment intercept operators, calls, filters and attributes.  What it does not let
one intercept (literals, `~`, slices, comparisons, loops) is rewritten here.
"""

# ruff: noqa: N802 -- the visitor calls methods by the names of its nodes

from __future__ import annotations

from typing import cast

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.visitor import NodeTransformer

from promptops.prompts.templates.meter import MAX_TOKENS, meter

MAX_NODE_DEPTH = 60
MAX_BRANCHES = 200

_SPECIAL = frozenset(("loop", "self", "super", "caller", "varargs", "kwargs"))


def rewritten(template: nodes.Template, environment: Environment) -> nodes.Template:
    """The template with every value that it makes measured; changed in place.

    Raises:
        TemplateSyntaxError: it is nested too deeply, or uses what prompts do not have.
    """
    _check_depth(template)
    _Rewriter().visit(template)
    template.set_environment(environment)
    return template


def check_tokens(source: str, environment: Environment, name: str | None) -> None:
    """Refuse more code than is sensible before it is parsed; a prompt's texts are added up.

    Raises:
        TemplateSyntaxError: the texts so far have more than `MAX_TOKENS` tokens of code.
    """
    current = meter()
    current.step()
    for line, kind, _ in environment.lexer.tokeniter(source, name):
        if kind == "data":
            continue
        current.left_tokens -= 1
        if current.left_tokens < 0:
            raise TemplateSyntaxError(
                f"more than {MAX_TOKENS:,} tokens of template code", line, name
            )


def free_names(template: nodes.Template) -> dict[str, int]:
    """The names a template reads and nowhere sets, each with the line of its first use.

    A name that any part of the template sets counts as set; using it where it is not is an error
    when the template is rendered.
    """
    read: dict[str, int] = {}
    bound = bound_names(template)
    for name in template.find_all(nodes.Name):
        if name.ctx == "load" and name.name not in bound and name.name not in _SPECIAL:
            line = read.get(name.name)
            read[name.name] = name.lineno if line is None else min(line, name.lineno)
    return read


def bound_names(template: nodes.Template) -> set[str]:
    """The names that a template sets anywhere: assignments, loop variables, macros, imports."""
    bound: set[str] = set()
    for node in template.find_all((nodes.Name, nodes.Macro, nodes.Import, nodes.FromImport)):
        if isinstance(node, nodes.Name):
            if node.ctx != "load":
                bound.add(node.name)
        elif isinstance(node, nodes.Macro):
            bound.add(node.name)
        elif isinstance(node, nodes.Import):
            bound.add(node.target)
        elif isinstance(node, nodes.FromImport):
            bound.update(name if isinstance(name, str) else name[1] for name in node.names)
    return bound


def _check_depth(template: nodes.Template) -> None:
    pending: list[tuple[nodes.Node, int, int]] = [(template, 0, 1)]
    while pending:
        node, depth, line = pending.pop()
        line = node.lineno or line
        if depth > MAX_NODE_DEPTH:
            raise TemplateSyntaxError("the template is nested too deeply", line)
        if isinstance(node, nodes.If) and len(node.elif_) > MAX_BRANCHES:
            raise TemplateSyntaxError(f"more than {MAX_BRANCHES} branches in one if", line)
        pending.extend((child, depth + 1, line) for child in node.iter_child_nodes())


def _call(name: str, args: list[nodes.Expr], line: int) -> nodes.Call:
    attribute = nodes.EnvironmentAttribute(name, lineno=line)
    return nodes.Call(attribute, args, [], None, None, lineno=line)


class _Rewriter(NodeTransformer):
    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return _call("joined_texts", node.nodes, node.lineno)

    def visit_List(self, node: nodes.List) -> nodes.Node:
        self.generic_visit(node)
        return _call("literal", [node], node.lineno)

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:
        self.generic_visit(node)
        return _call("literal", [node], node.lineno)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:
        self.generic_visit(node)
        return _call("literal", [node], node.lineno) if node.ctx == "load" else node

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:
        self.generic_visit(node)
        return _call("literal", [node], node.lineno)

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:
        self.generic_visit(node)
        if not isinstance(node.arg, nodes.Slice):
            return node
        absent = nodes.Const(None, lineno=node.lineno)
        parts = [part or absent for part in (node.arg.start, node.arg.stop, node.arg.step)]
        return _call("sliced", [node.node, *parts], node.lineno)

    def visit_For(self, node: nodes.For) -> nodes.Node:
        self.generic_visit(node)
        node.iter = _call("each", [cast("nodes.Expr", node.iter)], node.lineno)
        return node

    def visit_Include(self, node: nodes.Include) -> nodes.Node:
        _check_name(node.template, node)
        if not node.with_context:
            raise TemplateSyntaxError("'without context' is not supported", node.lineno)
        return node

    def visit_Import(self, node: nodes.Import) -> nodes.Node:
        # Without the context Jinja2 would also keep the file's state from one case to the next.
        _check_name(node.template, node)
        node.with_context = True
        return node

    def visit_FromImport(self, node: nodes.FromImport) -> nodes.Node:
        _check_name(node.template, node)
        node.with_context = True
        return node

    def visit_Extends(self, node: nodes.Extends) -> nodes.Node:
        _check_name(node.template, node)
        return node

    def visit_ScopedEvalContextModifier(self, node: nodes.ScopedEvalContextModifier) -> nodes.Node:
        raise TemplateSyntaxError("'autoescape' is not supported in prompts", node.lineno)


def _check_name(template: nodes.Expr, node: nodes.Node) -> None:
    if not isinstance(template, nodes.Const) or not isinstance(template.value, str):
        raise TemplateSyntaxError("a file is named with one plain quoted text", node.lineno)
