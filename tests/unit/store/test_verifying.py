from __future__ import annotations

from contextlib import closing

import pytest

from promptops.errors import StoreError
from promptops.store.database import FILE, FOLDER
from promptops.store.opening import open_database
from promptops.store.verifying import Findings, Verifying
from tests.unit.store.kept import account, ask, change, digest, keep, key, run, slots
from tests.unit.store.texts import DATASET, keep_cases, keep_prompts


@pytest.fixture
def root(tmp_path):
    keep(tmp_path, account(), ("a", 0), ("a", 1), ("b", 0))
    run(tmp_path, "r1", [("candidate", "a"), ("candidate", "b")])
    return tmp_path


def look(root) -> Findings:
    with closing(open_database(root)) as connection:
        return Verifying(connection).look()


def remove(root) -> int:
    with closing(open_database(root)) as connection:
        verifying = Verifying(connection)
        return verifying.remove(verifying.look().damage)


def test_a_store_that_is_sound(root):
    assert look(root) == Findings(3, 0, 2, 1, [])
    assert remove(root) == 0


def test_a_response_from_before_checksums_is_only_read(root):
    change(root, "UPDATE responses SET checksum = NULL WHERE request_key = ?", (key("a"),))
    assert look(root) == Findings(3, 2, 2, 1, [])
    change(root, "UPDATE responses SET body = x'c1' WHERE request_key = ?", (key("a"),))
    assert [each.part for each in look(root).damage] == ["response"] * 2


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("substr(body, 2)", "its checksum does not fit"),
        ("CAST(replace(hex(body), '51', '52') AS TEXT)", "its body is not what was written"),
    ],
)
def test_one_damaged_response_is_found_and_removed(root, body, said):
    change(root, f"UPDATE responses SET body = {body} WHERE request_key = ?", (key("b"),))
    (damage,) = look(root).damage
    assert (damage.part, damage.key) == ("response", (key("b"), 0))
    assert said in damage.problem
    spent = ask(root, "SELECT * FROM ledger")
    assert remove(root) == 1
    assert slots(root) == {(key("a"), 0), (key("a"), 1)}
    assert look(root).damage == []
    assert ask(root, "SELECT * FROM ledger") == spent


def test_a_body_that_fits_its_checksum_and_cannot_be_read(root):
    """As an older or a newer program might have written it."""
    change(
        root,
        "UPDATE responses SET checksum = NULL, body = ? WHERE request_key = ?",
        (b"\x82\xa4type\xa8response\xa7content\x05", key("b")),
    )
    (damage,) = look(root).damage
    assert "it cannot be read: Expected `str`, got `int`" in damage.problem


def test_samples_and_reports_that_cannot_be_read_are_removed(root):
    change(root, "UPDATE samples SET body = x'c1' WHERE case_id = 'c0'")
    change(root, "UPDATE runs SET cases = x'00'")
    found = look(root)
    assert {(each.part, each.key) for each in found.damage} == {
        ("sample", ("r1", "candidate", "c0", 0)),
        ("run", ("r1",)),
    }
    assert remove(root) == 2
    assert look(root) == Findings(3, 0, 1, 0, [])


def test_texts_that_cannot_be_read_are_removed(root):
    keep_prompts(root, 1, 2)
    keep_cases(root, ["c0", "c1", "c2"])
    assert look(root) == Findings(3, 0, 2, 1, [], prompts=2, cases=3)
    change(root, "UPDATE prompt_texts SET body = x'00' WHERE digest = ?", (digest("city 2"),))
    change(root, "UPDATE case_texts SET body = substr(body, 1, 9) WHERE case_id = 'c1'")
    ((id_,),) = ask(root, f"SELECT id FROM prompt_texts WHERE digest = '{digest('city 2')}'")
    found = look(root)
    assert [(each.part, each.key) for each in found.damage] == [
        ("prompt", (digest("city 2"), id_)),
        ("case", (DATASET, "c1")),
    ]
    assert all("it cannot be read: Error -" in each.problem for each in found.damage)
    assert remove(root) == 2
    assert look(root) == Findings(3, 0, 2, 1, [], prompts=1, cases=2)


def test_what_was_written_anew_meanwhile_stays(root):
    (good,) = ask(root, f"SELECT body FROM responses WHERE request_key = '{key('b')}'")
    change(root, "UPDATE responses SET body = x'c1' WHERE request_key = ?", (key("b"),))
    with closing(open_database(root)) as connection:
        verifying = Verifying(connection)
        found = verifying.look()
        change(root, "UPDATE responses SET body = ? WHERE request_key = ?", (*good, key("b")))
        assert verifying.remove(found.damage) == 0
    assert look(root).damage == []


def test_rows_of_an_account_that_is_gone(root):
    change(root, "DELETE FROM accounts")
    found = look(root)
    assert [each.part for each in found.damage] == ["reference", "reference"]
    assert {each.key for each in found.damage} == {("responses",), ("ledger",)}
    assert "3 rows name something that is not in accounts" in found.damage[0].problem
    assert remove(root) == 0


def test_damage_to_the_file_itself(root):
    keep(root, account(), *((f"c{at}", 0) for at in range(400)))
    with closing(open_database(root)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        (page,) = connection.execute(
            "SELECT max(pageno) FROM dbstat WHERE name = 'responses' AND pagetype = 'leaf'"
        ).fetchone()
    with (root / FOLDER / FILE).open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    found = look(root)
    assert found.of("file")
    assert 0 < found.responses < 403
    assert found.runs == 1


def test_a_store_that_cannot_be_read_is_no_damage(root):
    with closing(open_database(root)) as connection:
        connection.execute("PRAGMA busy_timeout = 10")
        change(root, "DROP TABLE responses")
        with pytest.raises(StoreError):
            Verifying(connection).look()
