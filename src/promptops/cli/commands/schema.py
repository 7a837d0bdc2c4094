"""Print the JSON Schema of a file that promptops reads or writes."""

from __future__ import annotations

from typing import Annotated

import typer

from promptops.cli.output import OutputOption
from promptops.cli.schemas import SchemaKind, json_schema
from promptops.cli.structured import emit_json


def command(
    kind: Annotated[SchemaKind, typer.Argument(help="Which kind of file.", show_default=False)],
    *,
    output: OutputOption = None,
) -> None:
    emit_json(json_schema(kind), output)
