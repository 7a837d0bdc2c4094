from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@pytest.mark.parametrize("before", ["", "a", "ab", "user:"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_is_known_wherever_the_secret_stands_in_it(before: str, encode):
    secret = "mar>zipan?lighthouse~42"  # its base64 has letters that the alphabets write otherwise
    redact = Redactor({"OUR_TOKEN": secret})
    for after in ("", "!", "!!", " and more"):
        shown = encode((before + secret + after).encode()).decode()
        hidden = redact.exact(f"see {shown} there")
        assert HIDDEN in hidden
        assert len(hidden) < len("see  there") + len(HIDDEN) + 24
        for cut in range(len(shown) - 12):
            assert shown[cut : cut + 12] not in hidden or not _says(shown[cut : cut + 12], secret)


def _says(piece: str, secret: str) -> bool:
    """Whether a piece of base64 gives three or more letters of the secret away in a row."""
    for lead in range(4):
        whole = piece[lead:]
        whole = whole[: len(whole) // 4 * 4]
        try:
            said = base64.b64decode(whole, altchars=b"-_" if set("-_") & set(whole) else None)
        except ValueError:
            continue
        if any(secret[at : at + 3].encode() in said for at in range(len(secret) - 2)):
            return True
    return False


@pytest.mark.parametrize(
    "secret", ['quo"te\\back/slash', "new\nline-of-a-secret", "schlüssel-für-alles", "a b&c+d%e=f"]
)
def test_json_and_urls_write_a_secret_otherwise(secret: str):
    redact = Redactor({"OUR_TOKEN": secret})
    encoded = quote(secret, safe="")
    shown = [
        json.dumps({"key": secret}),
        json.dumps({"key": secret}, ensure_ascii=False),
        json.dumps({"key": secret}).replace("/", "\\/"),
        encoded,
        encoded.lower(),
        quote_plus(secret),
        quote(secret),
    ]
    for each in shown:
        assert HIDDEN in redact.exact(each)


@pytest.mark.parametrize(
    ("url", "hidden"),
    [
        ("https://ada:s3cret-pass@gate.example/v1", ["s3cret-pass", "ada:s3cret-pass"]),
        ("https://ada:s3cret%2Fpass@gate.example/v1", ["s3cret%2Fpass", "s3cret/pass"]),
        ("https://0123456789abcdef@gate.example/v1", ["0123456789abcdef"]),
        ("https://gate.example/v1?api_key=0123456789abcdef", ["0123456789abcdef"]),
    ],
)
def test_what_a_url_holds_is_secret_whatever_the_variable_is_called(url: str, hidden: list[str]):
    redact = Redactor({"OPENAI_API_BASE": url})
    for each in hidden:
        assert redact.exact(f"<{each}>") == f"<{HIDDEN}>"
    assert redact.exact("gate.example/v1") == "gate.example/v1"


def test_a_url_that_is_none_is_no_secret():
    assert Redactor({"A": "http://[bad", "B": "https://gate.example:444/v1"}).exact("x") == "x"


def test_a_private_key_is_known_by_each_of_its_lines():
    lines = ["-----BEGIN PRIVATE KEY-----", "MIIEvQIBADANBgkqhkiG9w0B", "AQEFAASCBKcwggSjAgEAAoIB"]
    redact = Redactor({"PRIVATE_KEY": "\n".join(lines)})
    assert redact.exact(lines[2]) == HIDDEN
    assert redact.exact(lines[0]) == lines[0]


def test_a_files_name_is_no_secret():
    redact = Redactor({"GOOGLE_APPLICATION_CREDENTIALS": "/home/ada/account.json"})
    assert redact.exact("/home/ada/account.json") == "/home/ada/account.json"


def test_answers_are_rid_of_exact_secrets_only():
    redact = Redactor({"OUR_TOKEN": SECRET})
    shaped = "sk-ant-api03-abcDEF123456"
    assert redact.exact(f"{shaped} {SECRET}") == f"{shaped} {HIDDEN}"
    assert redact(f"{shaped} {SECRET}") == f"{HIDDEN} {HIDDEN}"


def test_values_are_rid_of_secrets_at_every_depth_and_else_left_alone():
    redact = Redactor({"OUR_TOKEN": SECRET})
    value = {"a": [1, SECRET, {"b": (f"x{SECRET}", None)}], SECRET: 2.5}
    assert redact.exactly(value) == {"a": [1, HIDDEN, {"b": (f"x{HIDDEN}", None)}], HIDDEN: 2.5}
    clean = {"a": [1, "x", {"b": ("y", None)}]}
    assert redact.exactly(clean) is clean


@given(
    st.text(min_size=8, alphabet=st.characters(min_codepoint=33, max_codepoint=126)),
    st.text(),
    st.text(),
)
def test_no_secret_is_left_in_any_text(secret: str, before: str, after: str):
    hidden = Redactor({"OUR_TOKEN": secret}).exact(before + secret + after)
    assert secret not in hidden.replace(HIDDEN, "\0")


def test_an_environment_without_secrets_changes_nothing():
    assert Redactor({}).exact("anything at all") == "anything at all"
