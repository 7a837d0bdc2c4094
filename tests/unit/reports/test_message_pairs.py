import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.reports.message_pairs import pair_messages
from promptops.values.request import Message

SYSTEM = Message("system", "Be kind.")
ASK = Message("user", "{{ message }}")
SHOTS = [
    Message("user", "I am in Quito"),
    Message("assistant", "Quito"),
    Message("user", "We land in Lyon at noon."),
    Message("assistant", "Lyon"),
]
MESSAGES = st.lists(
    st.builds(
        Message, st.sampled_from(["system", "user", "assistant"]), st.text("ab ", max_size=5)
    ),
    max_size=6,
)


def test_equal_messages_are_paired_then_those_of_one_role():
    system, ask = Message("system", "Be kind."), Message("user", "{{ message }}")
    shot = [Message("user", "I am in Quito"), Message("assistant", "Quito")]
    assert pair_messages([system, ask], [system, *shot, ask]) == [
        (system, system),
        (None, shot[0]),
        (None, shot[1]),
        (ask, ask),
    ]
    kinder = Message("system", "Be kinder.")
    assert pair_messages([system, ask], [kinder, ask]) == [(system, kinder), (ask, ask)]
    assert pair_messages([ask], []) == [(ask, None)]
    moved = Message("developer", "Be kind.")
    assert pair_messages([system, ask], [moved, ask]) == [(system, moved), (ask, ask)]


@pytest.mark.parametrize(
    "asked",
    ["Message: {{ message }}", "Name the city of this message.\n\n{{ message }}", "{{ m }}"],
)
@pytest.mark.parametrize("first", [SYSTEM, Message("system", "Say one word.")])
def test_examples_put_in_are_additions_and_the_question_after_them_a_change(asked, first):
    changed = Message("user", asked)
    assert pair_messages([SYSTEM, ASK], [first, *SHOTS, changed]) == [
        (SYSTEM, first),
        *((None, shot) for shot in SHOTS),
        (ASK, changed),
    ]
    assert pair_messages([first, *SHOTS, changed], [SYSTEM, ASK]) == [
        (first, SYSTEM),
        *((shot, None) for shot in SHOTS),
        (changed, ASK),
    ]


def test_an_example_that_was_reworded_stays_in_its_place():
    reworded = Message("user", "Now we land in Lyon.")
    assert pair_messages([SYSTEM, *SHOTS, ASK], [*SHOTS[:2], reworded, SHOTS[3], ASK]) == [
        (SYSTEM, None),
        (SHOTS[0], SHOTS[0]),
        (SHOTS[1], SHOTS[1]),
        (SHOTS[2], reworded),
        (SHOTS[3], SHOTS[3]),
        (ASK, ASK),
    ]


def test_one_message_that_was_written_anew_is_a_change():
    other = Message("user", "¿Qué?")
    assert pair_messages([SYSTEM, ASK], [SYSTEM, other]) == [(SYSTEM, SYSTEM), (ASK, other)]


@given(MESSAGES, MESSAGES)
def test_every_message_is_told_once_and_in_order(before, after):
    pairs = pair_messages(before, after)
    assert [old for old, _ in pairs if old is not None] == before
    assert [new for _, new in pairs if new is not None] == after
    assert (None, None) not in pairs


def test_hundreds_of_messages_take_no_time():
    before = [Message("user" if at % 2 else "assistant", f"say {at} " * 50) for at in range(600)]
    after = [Message(each.role, f"{each.content}!") for each in before]
    start = time.monotonic()
    assert pair_messages(before, after) == list(zip(before, after, strict=True))
    assert time.monotonic() - start < 2
