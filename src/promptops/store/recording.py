"""Recorded answers: files beside a suite, by which it can be evaluated again without a model.

`evals/<suite>.recording/manifest.json` says what was recorded; objects beside it hold the answers,
one JSON line each, compressed, named after the SHA-256 of their lines.  The same answers make the
same objects.  They are committed and sent by anybody, so nothing in them is believed that can be
looked at.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from promptops.documents.tree import Tree
from promptops.errors import InputError, Location
from promptops.values.account import Purpose
from promptops.values.response import Response

FAMILY = "promptops.recording/"
SCHEMA = f"{FAMILY}1"
MANIFEST = "manifest.json"

MOST_LINE_BYTES = 32 * 1024 * 1024
MOST_BYTES = 512 * 1024 * 1024
"""Of all objects of a recording when they are no longer compressed."""
MOST_OBJECTS = 4096
_FIRST_COUNTS = 2**53
_MOST_SAMPLES = 1000

Digest = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Name = Annotated[str, Meta(max_length=4096)]
Count = Annotated[int, Meta(ge=0, lt=_FIRST_COUNTS)]
Usd = Annotated[float, Meta(ge=0, le=1e12)]
Seconds = Annotated[float, Meta(ge=0, le=1e9)]
ToolCalls = Annotated[list[dict[str, Any]], Meta(max_length=4096)]
Moment = Annotated[
    str,
    Meta(pattern=r"\A2\d{3}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T\d\d:\d\d:\d\d\+00:00\Z"),
]
Samples = Annotated[int, Meta(ge=1, le=_MOST_SAMPLES)]
"""Per case and version."""


class Recorded(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whatever a recording holds: nothing unknown, and nothing that says nothing."""


class Counts(Recorded, frozen=True):
    """A `Usage`, held to what one may be."""

    input_tokens: Count
    output_tokens: Count
    cached_input_tokens: Count = 0


class Turn(Recorded, frozen=True):
    """A `Step`, held to what one may be."""

    kind: Literal["model", "tool"]
    name: str = ""
    input: str = ""
    output: str = ""
    tool_calls: ToolCalls = []
    error: str = ""
    usage: Counts | None = None
    cost_usd: Usd | None = None
    latency_seconds: Seconds | None = None


class Answer(Recorded, frozen=True):
    """A `Response`, held to what one may be; without what only a ledger needs."""

    content: str = ""
    tool_calls: ToolCalls = []
    finish_reason: str = ""
    refusal: str | None = None
    response_model: str | None = None
    usage: Counts | None = None
    cost_usd: Usd | None = None
    latency_seconds: Seconds = 0.0
    flags: Annotated[
        tuple[Annotated[str, Meta(max_length=64)], ...],
        Meta(max_length=16),
    ] = ()
    steps: Annotated[tuple[Turn, ...], Meta(max_length=4096)] = ()


class Line(Recorded, frozen=True):
    """One answer: the digest of its request, and which draw of that it was."""

    key: Digest
    """As it would be where no variable of the environment redirects a provider."""
    index: Count
    purpose: Purpose
    model: Name
    response: Answer


class Contents(Recorded, frozen=True):
    """One object: the answers of one version of a prompt, of a judge, or of an embedding model."""

    sha256: Digest
    bytes: Annotated[int, Meta(ge=1, le=MOST_BYTES)]
    """Of its lines, uncompressed."""
    answers: Annotated[int, Meta(ge=1)]
    purpose: Purpose
    model: Name
    prompt: Name
    """For an embedding, the scorer that wanted it."""
    version: Count
    digest: Name
    """Of the prompt's meaning; empty for an embedding."""
    drawn: tuple[Moment, Moment]
    """The first and the last of them, in UTC."""
    input_tokens: Count = 0
    output_tokens: Count = 0
    cost_usd: Usd | None = None
    """None: unknown of every answer."""
    unpriced: Count = 0
    """Answers of unknown cost; `cost_usd` is without them."""


class RecordedArm(Recorded, frozen=True):
    """One side of what was compared."""

    version: Count
    digest: Name
    samples: Count
    failures: Count = 0
    """Samples without an answer: a replay misses them as well."""


class LookPlan(Recorded, frozen=True):
    """The looks that were planned; a replay takes the same ones, in the same order."""

    key: Digest
    samples: Samples
    seed: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
    reached: Samples
    """How far it was extended; `samples` where it was not."""


class RecordedRun(Recorded, frozen=True):
    """One evaluation whose answers were recorded."""

    model: Name
    prompt: Name
    candidate: RecordedArm
    dataset: Name
    """Fingerprint of its cases."""
    cases: Count
    scorers: Annotated[dict[Name, Name], Meta(max_length=1024)]
    """Name to digest."""
    baseline: RecordedArm | None = None
    plan: LookPlan | None = None
    """None where nothing was compared."""
    options: Annotated[list[Name], Meta(max_length=64)] = []
    """How it was asked for, where it was not as the suite says."""
    judged_from: Annotated[dict[Name, Count], Meta(max_length=1024)] = {}
    """Name of a scorer whose judge had changed behind its name, to the number of its first draw."""


class Manifest(Recorded, frozen=True):
    """What a recording says of itself."""

    schema: str
    suite: Name
    recorded: Moment
    runs: Annotated[list[RecordedRun], Meta(min_length=1, max_length=256)]
    objects: Annotated[list[Contents], Meta(max_length=MOST_OBJECTS)]

    @property
    def models(self) -> list[str]:
        """The models of its runs, judges aside."""
        return list(dict.fromkeys(run.model for run in self.runs))


class _Head(msgspec.Struct):
    schema: str = ""


_MANIFEST = msgspec.json.Decoder(Manifest)
_HEAD = msgspec.json.Decoder(_Head)
_AT_BYTE = re.compile(r"\(byte (\d+)\)")


def folder_of(suite: str) -> str:
    """Where a suite's recording is, from the root of the project."""
    return f"evals/{suite}.recording"


def manifest_of(suite: str) -> str:
    """Its manifest, from the root of the project."""
    return f"{folder_of(suite)}/{MANIFEST}"


def object_name(sha256: str) -> str:
    """The file of an object, in that folder."""
    return f"{sha256}.jsonl.gz"


def is_recorded(tree: Tree, suite: str) -> bool:
    """Whether a suite has a recording, sound or not.

    Raises:
        InputError: its place is no regular file inside the project.
    """
    return tree.read(manifest_of(suite)) is not None


def read_manifest(tree: Tree, suite: str) -> Manifest:
    """The manifest of a suite's recording.

    Raises:
        InputError: there is none, or it is not as promptops writes one.
    """
    path = manifest_of(suite)
    text = tree.read(path)
    again = f"promptops eval --record {suite}"
    if text is None:
        raise InputError(
            f"suite {suite!r} has no recorded answers", location=Location(path), hint=again
        )
    _hold_known(decoded(_HEAD, text.encode(), Location(path), again).schema, path, again)
    manifest = decoded(_MANIFEST, text.encode(), Location(path), again)
    problem = _problem(manifest, suite)
    if problem:
        raise InputError(problem, location=Location(path), hint=f"{again}  writes it anew")
    return manifest


T = TypeVar("T")


def decoded(decoder: msgspec.json.Decoder[T], data: bytes, where: Location, again: str) -> T:
    """A JSON value of a recording.

    Raises:
        InputError: it does not fit; `again` is the command that writes it anew.
    """
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise InputError(
            f"not as promptops records it: {_words(error)}",
            location=_at_byte(where, data, str(error)),
            hint=f"{again}  writes it anew",
        ) from None


def response_of(answer: Answer) -> Response:
    """The answer as the engine knows it."""
    plain = {"type": "response", "content": answer.content}  # the one that must be there
    return msgspec.convert({**plain, **msgspec.to_builtins(answer)}, Response)


def answer_of(response: Response) -> Answer:
    """What is recorded of a response."""
    plain = msgspec.to_builtins(response)
    return msgspec.convert({name: plain[name] for name in Answer.__struct_fields__}, Answer)


def _hold_known(schema: str, path: str, again: str) -> None:
    if schema == SCHEMA:
        return
    newer = schema.startswith(FAMILY)
    raise InputError(
        f"{schema[:80]!r} is not {SCHEMA!r}: "
        + ("another version of promptops wrote it" if newer else "no recording"),
        location=Location(path),
        hint="pip install --upgrade promptops" if newer else f"{again}  writes it anew",
    )


def _problem(manifest: Manifest, suite: str) -> str | None:
    """What contradicts itself in a manifest."""
    if manifest.suite != suite:
        return f"it is the recording of {manifest.suite[:80]!r}, and not of {suite!r}"
    names = [each.sha256 for each in manifest.objects]
    if len(set(names)) < len(names):
        return "it names an object twice"
    if sum(each.bytes for each in manifest.objects) > MOST_BYTES:
        return f"its objects are larger than {MOST_BYTES // 2**20} MB together"
    return None


def _words(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deep"
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8 text: {error.reason}"
    return str(error)


def _at_byte(where: Location, data: bytes, message: str) -> Location:
    """The line at which a text of several lines cannot be read."""
    found = _AT_BYTE.search(message)
    if where.line or found is None:
        return where
    before = data[: int(found[1])]
    return Location(where.path, before.count(b"\n") + 1, len(before) - before.rfind(b"\n"))
