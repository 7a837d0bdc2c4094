"""Parquet: typed cells become what JSON has, exactly, or are refused."""

from __future__ import annotations

import datetime as dt
import decimal

import pyarrow as pa
import pytest
from pyarrow import parquet

from promptops.datasets.loading import open_dataset
from promptops.errors import InputError


def opened(folder, table):
    place = folder / "d.parquet"
    parquet.write_table(table, place)
    return open_dataset(place, display="d.parquet")


def test_typed_cells_become_plain_values(tmp_path):
    row = {
        "id": 2**53 + 1,
        "tags": ["x"],
        "when": dt.datetime(2024, 5, 1, 12, 30, tzinfo=dt.UTC),
        "day": dt.date(2024, 5, 1),
        "price": decimal.Decimal("0.10"),
        "number": 1.5,
        "nested": {"list": [1, None]},
        "none": None,
    }
    with opened(tmp_path, pa.Table.from_pylist([row])) as dataset:
        case = dataset.case(0)
    assert (case.id, case.tags) == ("9007199254740993", ("x",))
    assert case.columns == {
        "when": "2024-05-01T12:30:00+00:00",
        "day": "2024-05-01",
        "price": "0.10",
        "number": 1.5,
        "nested": {"list": [1, None]},
        "none": None,
    }


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (float("nan"), "row 2: column 'm': nan is not a number"),
        (float("-inf"), "row 2: column 'm': -inf is not a number"),
        (b"\xff", "column 'm' holds bytes"),
    ],
)
def test_what_json_cannot_hold_is_refused(tmp_path, value, message):
    rows = [{"id": "a", "m": None}, {"id": "b", "m": value}]
    with pytest.raises(InputError) as caught:
        opened(tmp_path, pa.Table.from_pylist(rows))
    assert caught.value.message.startswith(message)


def test_two_columns_of_one_name_are_refused(tmp_path):
    with pytest.raises(InputError, match="two columns share a name"):
        opened(tmp_path, pa.table([pa.array(["a"]), pa.array(["b"])], names=["id", "id"]))


def test_many_rows_come_in_batches(tmp_path):
    table = pa.table({"id": [f"c{n}" for n in range(2500)], "n": list(range(2500))})
    with opened(tmp_path, table) as dataset:
        assert [case.columns["n"] for case in dataset] == list(range(2500))
