"""One file out of a zip that anybody may have made."""

from __future__ import annotations

import contextlib
import io
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops.errors import InputError
from promptops.github.zip_entry import MOST_ENTRIES, read_entry
from tests.functional.github_desk import zipped

MOST = 10_000
GOOD = zipped({"gate.json": '{"a": 1}', "report.html": "<p>x</p>", "deep/er/cases.csv": "a,b"})


def read(data: bytes, most: int = MOST) -> bytes:
    return read_entry(io.BytesIO(data), "gate.json", most)


def end_of(data: bytes, **fields: int) -> bytes:
    """The same with other numbers in the record at its end."""
    names = ("magic", "disk", "start", "here", "entries", "length", "offset", "comment")
    values = dict(zip(names, struct.unpack("<4s4H2LH", data[-22:]), strict=True)) | fields
    return data[:-22] + struct.pack("<4s4H2LH", *values.values())


def test_the_entry_is_read_and_no_other():
    assert read(GOOD) == b'{"a": 1}'
    assert read(zipped({"gate.json": ""})) == b""


def test_it_may_be_as_large_as_it_may_be():
    text = "".join(chr(33 + (at * 7919) % 90) for at in range(MOST))
    assert len(read(zipped({"gate.json": text}))) == MOST
    with pytest.raises(InputError, match="larger than 9,999 bytes"):
        read(zipped({"gate.json": text}), MOST - 1)


def test_a_bomb_is_refused_by_what_it_says():
    with pytest.raises(InputError, match="larger than 8,000,000 bytes"):
        read(zipped({"gate.json": b"\0" * 9_000_000}), 8_000_000)


def test_more_than_deflate_can_do_is_a_lie():
    packed = zipped({"gate.json": b"\0" * 5_000})
    at = packed.rindex(b"PK\x01\x02")
    lying = packed[: at + 24] + struct.pack("<L", 7_000_000) + packed[at + 28 :]
    with pytest.raises(InputError, match="more tightly than can be"):
        read(lying, 8_000_000)
    assert len(read(zipped({"gate.json": b"\0" * 7_000_000}), 8_000_000)) == 7_000_000


def test_a_bomb_that_lies_is_cut():
    """The list says ten bytes; much more comes out."""
    packed = zipped({"gate.json": b"\0" * 1_000_000})
    at = packed.rindex(b"PK\x01\x02")
    lying = packed[: at + 24] + struct.pack("<L", 10) + packed[at + 28 :]
    with pytest.raises(InputError):
        read(lying)


def test_more_files_than_a_report_has_are_refused():
    many = zipped({f"{number}.txt": "" for number in range(MOST_ENTRIES)} | {"gate.json": "{}"})
    with pytest.raises(InputError, match="more than 1000 files"):
        read(many)
    with pytest.raises(InputError, match="more than 1000 files"):
        read(end_of(many, here=2, entries=2))  # its list is as long as ever


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is no zip"),
        (b"PK", "is no zip"),
        (b"<html>not found</html>" * 10, "is no zip"),
        (GOOD + b"more", "is no zip"),
        (GOOD[:-30] + GOOD[-22:], "cannot be read|no gate.json|is no zip"),
        (end_of(GOOD, length=400_000_000), "or says so"),
        (end_of(GOOD, here=65_535, entries=65_535), "or says so"),
        (GOOD[:-22] + b"PK\x06\x07" + bytes(16) + GOOD[-22:], "zip64"),
        (zipped({"other.json": "{}"}), "holds no gate.json"),
        (zipped({"a/gate.json": "{}"}), "holds no gate.json"),
        (zipped({"gate.json": "{}", "../up": ""}), "outside of it"),
        (zipped({"gate.json": "{}", "/etc/passwd": ""}), "outside of it"),
        (zipped({"gate.json": "{}", "a\\..\\b": ""}), "outside of it"),
        (zipped({"gate.json": "{}", "C:evil": ""}), "outside of it"),
    ],
)
def test_what_is_not_right_is_refused(data, said):
    with pytest.raises(InputError, match=said):
        read(data)


def test_the_same_name_twice_is_refused():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("gate.json", "{}")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("gate.json", "[]")
    with pytest.raises(InputError, match="2 times"):
        read(packed.getvalue())


def test_an_encrypted_entry_and_a_rare_packing_are_refused():
    at = GOOD.rindex(b"PK\x01\x02", 0, GOOD.index(b"PK\x01\x02") + 4)
    with pytest.raises(InputError, match="encrypted"):
        read(GOOD[: at + 8] + b"\x01" + GOOD[at + 9 :])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("gate.json", "{}")
    with pytest.raises(InputError, match="packed in a way"):
        read(packed.getvalue())


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=6)
)
def test_damage_is_an_error_for_people_or_does_no_harm(changes):
    data = bytearray(GOOD)
    for at, value in changes:
        data[at] = value
    with contextlib.suppress(InputError):
        assert len(read(bytes(data))) <= MOST
