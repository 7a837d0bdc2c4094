"""Recordings are written whole, are the same for the same answers, and are read as they were."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import os
import stat

import msgspec
import pytest

from promptops.documents.tree import WorkingTree
from promptops.errors import InputError, NoVerdictError, StoreError
from promptops.models.redaction import Redactor
from promptops.store.recording import answer_of, is_recorded, read_manifest, response_of
from promptops.store.recording_notes import Notes
from promptops.store.recording_reading import check_object, fill
from promptops.store.recording_writing import OBJECT_BYTES, check_place
from promptops.store.store import Store
from promptops.values.response import Response
from promptops.values.step import Step
from promptops.values.usage import Usage
from tests.unit.store import kept, recorded

ONE, TWO = kept.account(1), kept.account(2)
JUDGE = kept.account(7, prompt="judges/fair", purpose="judge")
NEAR = kept.account(0, prompt="near", purpose="embedding", model="openai/vectors")
SLOTS = [(ONE, "a", 0), (ONE, "b", 0), (TWO, "c", 0), (TWO, "c", 1), (JUDGE, "j", 0)]


@pytest.fixture
def root(tmp_path):
    """A project whose store has five answers, drawn on three accounts."""
    for account, name, number in SLOTS:
        kept.keep(tmp_path, account, (name, number))
    (tmp_path / "evals").mkdir()
    return tmp_path


def found(root, *slots):
    """Answers in the store below `root`."""
    with Store(root) as store:
        return store.responses.find([(kept.key(name), number) for name, number in slots])


def test_what_was_recorded_is_there_again(root, tmp_path):
    done = recorded.record(root, SLOTS)
    assert (done.answers, done.files, done.new) == (5, 4, 4)
    assert done.bytes == sum(map(len, recorded.files(root).values()))
    assert recorded.taken(root, tmp_path / "elsewhere") == 5
    slots = [(name, number) for _, name, number in SLOTS]
    assert found(tmp_path / "elsewhere", *slots) == found(root, *slots)


def test_the_manifest_says_what_there_is(root):
    kept.dated(root, 3, "a")
    kept.dated(root, 9, "b")
    recorded.record(root, SLOTS)
    told = recorded.manifest(root)
    assert list(told) == ["schema", "suite", "recorded", "runs", "objects"]
    assert (told["schema"], told["suite"]) == ("promptops.recording/1", "city")
    judge, one, two = told["objects"]
    assert (judge["purpose"], judge["prompt"], judge["version"]) == ("judge", "judges/fair", 7)
    assert (one["digest"], two["digest"]) == (ONE.digest, TWO.digest)
    assert one["drawn"] == [kept.DAY.format("03"), kept.DAY.format("09")]
    assert (one["answers"], one["input_tokens"], one["output_tokens"]) == (2, 24, 6)
    assert (one["cost_usd"], one.get("unpriced", 0)) == (0.5, 0)
    assert two["version"] == 2
    assert told["runs"][0]["candidate"]["digest"] == kept.digest("city 2")


def test_a_line_is_one_answer_that_can_be_read(root):
    recorded.record(root, SLOTS)
    first = recorded.lines(root, 2)[1]
    assert first == {
        "key": kept.key("c"),
        "index": 1,
        "purpose": "sample",
        "model": "openai/loop",
        "response": {
            "content": "c 1",
            "finish_reason": "stop",
            "usage": {"input_tokens": 12, "output_tokens": 3, "cached_input_tokens": 4},
            "cost_usd": 0.25,
            "latency_seconds": 0.0,
        },
    }
    keys = [(line["key"], line["index"]) for line in recorded.lines(root, 1)]
    assert keys == sorted(keys)


def test_objects_are_named_after_their_contents(root):
    recorded.record(root, SLOTS)
    for there in recorded.manifest(root)["objects"]:
        data = b"".join(
            json.dumps(line, separators=(",", ":")).encode() + b"\n"
            for line in recorded.lines(root, recorded.manifest(root)["objects"].index(there))
        )
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (there["sha256"], there["bytes"])


def test_the_same_answers_make_the_same_files_in_any_order(root, tmp_path):
    recorded.record(root, SLOTS)
    first = recorded.files(root)
    for path in recorded.folder(root).iterdir():
        path.unlink()
    recorded.record(root, SLOTS[::-1] * 2)
    assert recorded.files(root) == first


def test_recording_again_writes_nothing_new(root):
    recorded.record(root, SLOTS)
    first = recorded.files(root)
    done = recorded.record(root, SLOTS, when="2026-07-01T10:00:00+00:00")
    assert done.new == 0
    assert recorded.files(root) == first  # the moment included


def test_a_small_change_leaves_most_objects_as_they_are(root):
    recorded.record(root, SLOTS)
    before = recorded.files(root)
    (recorded.folder(root) / "README.md").write_text("Drawn at the desk.")
    three = kept.account(3)
    kept.keep(root, three, ("d", 0))
    done = recorded.record(root, [*(each for each in SLOTS if each[0] != TWO), (three, "d", 0)])
    after = recorded.files(root)
    assert done.new == 2  # one object and the manifest
    gone, came = before.keys() - after.keys(), after.keys() - before.keys()
    assert (len(gone), len(came)) == (1, 2)
    assert "README.md" in came  # what is not ours is left alone
    same = before.keys() & after.keys() - {"manifest.json"}
    assert all(before[name] == after[name] for name in same)


def test_a_damaged_object_is_written_anew(root):
    recorded.record(root, SLOTS)
    before = recorded.files(root)
    name = next(name for name in before if name.endswith(".gz"))
    (recorded.folder(root) / name).write_bytes(before[name][:-9])
    assert recorded.record(root, SLOTS).new == 1
    assert recorded.files(root) == before


def test_an_object_that_is_packed_otherwise_stays(root):
    recorded.record(root, SLOTS)
    name = next(name for name in recorded.files(root) if name.endswith(".gz"))
    place = recorded.folder(root) / name
    place.write_bytes(gzip.compress(gzip.decompress(place.read_bytes()), 1, mtime=77))
    other = place.read_bytes()
    assert recorded.record(root, SLOTS).new == 0
    assert place.read_bytes() == other


def test_an_answer_of_two_origins_stands_once(root):
    recorded.record(root, [(ONE, "a", 0), (TWO, "a", 0), (TWO, "c", 0)])
    (first, second) = recorded.manifest(root)["objects"]
    assert (first["answers"], second["answers"]) == (1, 1)
    both = {line["key"] for number in (0, 1) for line in recorded.lines(root, number)}
    assert both == {kept.key("a"), kept.key("c")}


def test_many_answers_make_several_objects(root, tmp_path):
    async def long(store):
        for number in range(20):
            answer = Response(f"{number}" * 500_000)
            await store.responses.keep(kept.key("long"), number, answer, ONE)

    with Store(root) as store:
        asyncio.run(long(store))
    done = recorded.record(root, [(ONE, "long", number) for number in range(20)])
    sizes = [each["bytes"] for each in recorded.manifest(root)["objects"]]
    assert len(sizes) == done.files - 1 > 1
    assert max(sizes) <= OBJECT_BYTES
    assert recorded.taken(root, tmp_path / "elsewhere") == 20


def test_every_field_of_a_response_comes_back():
    response = Response(
        "Oslo",
        tool_calls=[{"id": "1", "function": {"name": "f", "arguments": "{}"}}],
        finish_reason="tool_calls",
        refusal="no",
        response_model="loop-2",
        usage=Usage(5, 6, 1),
        cost_usd=0.01,
        latency_seconds=1.5,
        flags=("cut", "model_differs"),
        raw_usage={"prompt_tokens": 5},
        price="f" * 64,
        steps=(Step("tool", "f", "{}", "7", usage=Usage(1, 2), latency_seconds=0.5),),
    )
    back = response_of(answer_of(response))
    # What only a ledger needs is left out, and nothing else is.
    assert back == msgspec.structs.replace(response, raw_usage=None, price=None)


def test_an_empty_response_comes_back():
    assert response_of(answer_of(Response(""))) == Response("")


def test_secrets_are_hidden(root):
    secret = "marzipan/lighthouse+42"
    redact = Redactor({"VAULT_TOKEN": secret}).exactly

    async def leak(store):
        await store.responses.keep(kept.key("leak"), 0, Response(f"it is {secret}!"), ONE)

    with Store(root) as store:
        asyncio.run(leak(store))
    recorded.record(root, [(ONE, "leak", 0)], redact=redact)
    (line,) = recorded.lines(root)
    assert line["response"]["content"] == "it is [redacted]!"
    assert line["response"]["flags"] == ["redacted"]


def test_one_that_is_broken_off_leaves_the_older_one_whole(root, tmp_path):
    recorded.record(root, SLOTS)
    before = recorded.manifest(root)
    seen = []

    def failing(value):
        seen.append(value)
        if len(seen) == 4:
            raise OSError(28, "No space left on device")
        return {**value, "content": f"new {value['content']}"} if "content" in value else value

    with pytest.raises(NoVerdictError, match="No space left"):
        recorded.record(root, SLOTS, redact=failing)
    assert recorded.manifest(root) == before
    assert recorded.taken(root, tmp_path / "elsewhere") == 5
    assert len(recorded.files(root)) > len(before["objects"]) + 1  # written, and named by nothing
    recorded.record(root, SLOTS)
    assert len(recorded.files(root)) == len(before["objects"]) + 1


def test_files_are_for_everybody_to_read(root):
    mask = os.umask(0o022)
    try:
        recorded.record(root, SLOTS)
    finally:
        os.umask(mask)
    modes = {stat.S_IMODE(each.stat().st_mode) for each in recorded.folder(root).iterdir()}
    assert modes == {0o644}


def test_leftovers_of_a_kill_are_removed(root):
    recorded.record(root, SLOTS)
    there = recorded.files(root).keys()
    for name in (f".{'a' * 64}.jsonl.gz.12345678.tmp", ".manifest.json.12345678.tmp"):
        (recorded.folder(root) / name).write_bytes(b"half")
    recorded.record(root, SLOTS)
    assert recorded.files(root).keys() == there


def test_an_answer_that_was_pruned_meanwhile(root):
    with pytest.raises(StoreError, match="not kept any more"):
        recorded.record(root, [(ONE, "never", 0)])
    assert not (recorded.folder(root) / "manifest.json").exists()


@pytest.mark.parametrize("what", ["folder", "manifest", "object"])
def test_nothing_is_written_through_a_link(root, tmp_path, what):
    outside = tmp_path / "outside"
    outside.mkdir()
    recorded.record(root, SLOTS)
    folder = recorded.folder(root)
    if what == "folder":
        folder.rename(tmp_path / "old")
        folder.symlink_to(outside)
    else:
        name = next(name for name in recorded.files(root) if name.endswith(".gz"))
        link = folder / ("manifest.json" if what == "manifest" else name)
        link.unlink()
        link.symlink_to(outside / "target")
    if what == "object":  # it takes the place of the link
        recorded.record(root, SLOTS)
        assert not link.is_symlink()
    else:
        with pytest.raises(InputError, match="symbolic link"):
            check_place(WorkingTree(root), "city")
        with pytest.raises(InputError, match="symbolic link"):
            recorded.record(root, SLOTS)
    assert list(outside.iterdir()) == []


def test_a_file_where_the_folder_goes(root):
    recorded.folder(root).write_text("mine")
    with pytest.raises(InputError, match="a file stands where the recording goes"):
        recorded.record(root, SLOTS)
    assert recorded.folder(root).read_text() == "mine"


def test_no_recording(root):
    tree = WorkingTree(root)
    assert not is_recorded(tree, "city")
    with pytest.raises(InputError, match="has no recorded answers") as caught:
        read_manifest(tree, "city")
    assert caught.value.hint == recorded.AGAIN
    recorded.record(root, SLOTS)
    assert is_recorded(tree, "city")


def test_another_suites_recording_is_none(root):
    recorded.record(root, SLOTS)
    recorded.folder(root).rename(root / "evals" / "town.recording")
    with pytest.raises(InputError, match="the recording of 'city', and not of 'town'"):
        read_manifest(WorkingTree(root), "town")


def test_one_of_a_newer_promptops(root):
    recorded.record(root, SLOTS)
    recorded.tell(root, {"schema": "promptops.recording/9", "objects": {"new": "things"}})
    with pytest.raises(InputError, match="another version of promptops wrote it") as caught:
        read_manifest(WorkingTree(root), "city")
    assert "upgrade" in str(caught.value.hint)


def test_two_suites_may_share_an_answer(root, tmp_path):
    recorded.record(root, SLOTS)
    manifest = read_manifest(WorkingTree(root), "city")
    other = recorded.folder(root).with_name("town.recording")
    other.mkdir()
    for name, data in recorded.files(root).items():
        (other / name).write_bytes(data)
    town = msgspec.structs.replace(manifest, suite="town")
    (tmp_path / "elsewhere").mkdir()
    both = {"city": manifest, "town": town}
    assert fill(tmp_path / "elsewhere", WorkingTree(root), both) == 10
    assert len(kept.slots(tmp_path / "elsewhere")) == 5


def test_embeddings_are_recorded_under_their_model(root):
    kept.keep(root, NEAR, ("v", 0))
    recorded.record(root, [(NEAR, "v", 0)])
    (there,) = recorded.manifest(root)["objects"]
    whose = (there["purpose"], there["model"], there["digest"])
    assert whose == ("embedding", "openai/vectors", "")


def test_check_object(root):
    recorded.record(root, SLOTS)
    tree = WorkingTree(root)
    contents = read_manifest(tree, "city").objects[0]
    assert check_object(tree, "city", contents)
    assert not check_object(tree, "city", msgspec.structs.replace(contents, answers=9))
    assert not check_object(tree, "town", contents)


def test_notes_take_no_room_that_stays(tmp_path, monkeypatch):
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path))
    with recorded.noted([(ONE, f"n{number}", 0) for number in range(500)]) as notes:
        (origin,) = notes.origins()
        assert (origin.digest, notes.version(origin)) == (ONE.digest, 1)
        assert len(list(notes.of(0))) == 500
    assert list(tmp_path.iterdir()) == []
    with Notes() as empty:
        assert list(empty.origins()) == []
