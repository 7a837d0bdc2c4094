"""Print the JSON Schema of a file that promptops reads or writes."""

from __future__ import annotations

from typing import Annotated

import typer

from promptops.cli.output import OutputOption, emit
from promptops.cli.schemas import SchemaKind, json_schema
from promptops.reports.encoding import encode


def command(
    kind: Annotated[
        SchemaKind,
        typer.Argument(metavar="KIND", help=" | ".join(SchemaKind), show_default=False),
    ],
    *,
    output: OutputOption = None,
) -> None:
    emit(encode(json_schema(kind)), output, machine=True)
