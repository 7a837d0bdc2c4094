from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from promptops.models.redaction import HIDDEN, Redactor

SECRET = "marzipan/lighthouse=42"


@pytest.mark.parametrize(
    "shown",
    [SECRET, base64.b64encode(SECRET.encode()).decode(), quote(SECRET, safe="")],
    ids=["plain", "base64", "url"],
)
def test_secrets_of_the_environment_are_hidden_in_every_coat(shown: str):
    redact = Redactor({"OUR_TOKEN": f" {SECRET}\n"})
    hidden = redact(f"it was {shown} all along")
    assert hidden.startswith(f"it was {HIDDEN}")
    assert hidden.endswith(" all along")


@pytest.mark.parametrize("name", ["X_API_KEY", "x_secret", "DB_PASSWORD", "KEY_2", "A_CREDENTIALS"])
def test_names_that_hold_secrets(name: str):
    assert SECRET not in Redactor({name: SECRET})(SECRET)


def test_what_is_no_secret_stays():
    redact = Redactor({"HOME": "/home/ada-lovelace", "KEYBOARD": "dvorak-layout", "A_KEY": "short"})
    text = "/home/ada-lovelace dvorak-layout short keyword_arguments_everywhere task-force-seven"
    assert redact(text) == text


def test_a_secret_inside_another_leaves_no_rest():
    redact = Redactor({"A_KEY": "abcdefgh", "B_KEY": "abcdefgh-ijklmnop"})
    assert redact("abcdefgh-ijklmnop") == HIDDEN


@pytest.mark.parametrize(
    "text", ["sk-ant-api03-abcDEF123456", "gsk_abcdef1234567890", "AIzaSyA1234567890abcdef"]
)
def test_keys_are_known_by_their_shape(text: str):
    assert Redactor({})(f"see {text}.") in {f"see {HIDDEN}.", f"see {HIDDEN}"}
