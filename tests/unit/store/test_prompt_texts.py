from __future__ import annotations

import zlib

import msgspec
import pytest

from promptops.store.store import Store
from tests.unit.store.kept import ask, change, digest
from tests.unit.store.texts import prompt_text


def test_a_text_comes_back_whole(tmp_path):
    text = prompt_text()
    with Store(tmp_path) as store:
        id_ = store.prompt_texts.keep(text)
    with Store(tmp_path, reading=True) as store:
        assert store.prompt_texts.find(text.digest, id_) == text
        assert store.prompt_texts.find(text.digest) == text
        assert store.prompt_texts.find(digest("city 2")) is None


def test_a_text_is_written_once(tmp_path):
    with Store(tmp_path) as store:
        assert store.prompt_texts.keep(prompt_text()) == store.prompt_texts.keep(prompt_text())
    assert ask(tmp_path, "SELECT count(*) FROM prompt_texts") == [(1,)]


def test_one_meaning_has_a_text_for_each_way_it_was_written(tmp_path):
    plain, commented = prompt_text(), prompt_text(source="# new\nversion: 1\n")
    renamed = msgspec.structs.replace(plain, name="town", path="prompts/town.yaml")
    with Store(tmp_path) as store:
        ids = [store.prompt_texts.keep(each) for each in (plain, commented, renamed)]
        assert len(set(ids)) == 3
        found = [store.prompt_texts.find(plain.digest, id_) for id_ in ids]
        assert found == [plain, commented, renamed]
        assert store.prompt_texts.find(plain.digest, "0" * 32) in found


@pytest.mark.parametrize(
    "body", [b"\x00", zlib.compress(b"{}"), zlib.compress(b"nonsense"), "text", None]
)
def test_a_damaged_text_is_not_kept_any_more(tmp_path, body):
    text, other = prompt_text(), prompt_text(source="# sound\n")
    with Store(tmp_path) as store:
        id_ = store.prompt_texts.keep(text)
        store.prompt_texts.keep(other)
    change(tmp_path, "UPDATE prompt_texts SET body = ifnull(?, 7) WHERE id = ?", (body, id_))
    with Store(tmp_path) as store:
        assert store.prompt_texts.find(text.digest, id_) == other


def test_a_text_of_another_version_is_not_taken_for_it(tmp_path):
    with Store(tmp_path) as store:
        id_ = store.prompt_texts.keep(prompt_text(1))
    change(tmp_path, "UPDATE prompt_texts SET digest = ?", (digest("city 2"),))
    with Store(tmp_path) as store:
        assert store.prompt_texts.find(digest("city 2"), id_) is None
