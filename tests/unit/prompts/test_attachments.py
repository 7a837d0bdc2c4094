"""Pictures, sound and files in a message: no case can make a client fetch an address."""

from __future__ import annotations

import pytest

from promptops.errors import InputError
from promptops.prompts.rendering import Renderer

PICTURE = "data:image/png;base64,iVBORw0KGgo="


def prompt(part):
    return (
        "version: 1\nmodel: maker/model\ninputs: {it: {}}\nmessages:\n"
        f"  - role: user\n    content:\n      - {part}\n"
    )


def sent(load, part, it):
    content = Renderer(load(prompt(part))).render({"it": it}).messages[0].content
    assert isinstance(content, list)
    return content[0]


@pytest.mark.parametrize("address", ["https://pictures.ficta.example/a.png?size=2", PICTURE])
def test_the_prompt_file_may_write_an_address(load, address):
    part = f"{{type: image_url, image_url: {{url: '{address}'}}}}"
    assert sent(load, part, "")["image_url"]["url"] == address
    assert sent(load, f"{{type: image_url, image_url: '{address}'}}", "")["image_url"] == address


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data",
        "HTTP://a.example/",
        "file:///etc/passwd",
        "gs://bucket/a.png",
        "//a.example/a.png",
        " http://a.example/",
        "x http://a.example/",
        "https://user@a.example/",
        "https:a.example",
        "data:text/plain,hello",
        "data:image/png;base64,http://a.example/",
    ],
)
def test_a_prompt_file_may_not_write_any_other(load, address):
    with pytest.raises(InputError, match="only https and data:") as caught:
        load(prompt(f"{{type: image_url, image_url: {{url: '{address}'}}}}"))
    assert str(caught.value.location).startswith("prompts/t.yaml:7:")
    assert "https" in str(caught.value.hint)


PLACES = [
    "{type: image_url, image_url: {url: '{{ it }}'}}",
    "{type: image_url, image_url: '{{ it }}'}",
    "{type: image_url, image_url: {url: '{% if it %}{{ it }}{% endif %}'}}",
    "{type: file, file: {file_id: '{{ it }}'}}",
    "{type: file, file: {file_data: '{{ it }}'}}",
    "{type: input_audio, input_audio: {data: '{{ it }}', format: wav}}",
    "{type: text, text: see, image_url: {url: '{{ it }}'}}",
    "{type: '{{ it }}', text: see}",
    "{type: tool_result, content: [{type: image, source: {type: url, url: '{{ it }}'}}]}",
]
ADDRESSES = [
    "http://169.254.169.254/latest/meta-data",
    "https://a.example/a.png",
    "//a.example/a.png",
    "file:///etc/passwd",
    "gs://bucket/a.png",
    "../secret.png",
    "x https://a.example/",
    "data:image/png;base64,http://a.example/",
    "data:image/png;base64,AAAA\nhttp://a.example/",
    "\nhttp://a.example/",
]


@pytest.mark.parametrize("part", PLACES)
@pytest.mark.parametrize("address", ADDRESSES)
def test_no_case_can_name_what_to_fetch(load, part, address):
    with pytest.raises(InputError, match="a case cannot name what to fetch") as caught:
        sent(load, part, address)
    assert str(caught.value.location).startswith("prompts/t.yaml:7:")
    assert "data: URL" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["secret.png", "file-abc123", "/etc/passwd", "a.example"])
def test_a_name_is_no_data_where_an_address_stands(load, name):
    for part in PLACES[:4]:
        with pytest.raises(InputError, match="cannot name"):
            sent(load, part, name)


def test_an_address_of_the_prompt_cannot_be_completed_by_a_case(load):
    with pytest.raises(InputError, match="cannot name"):
        sent(load, "{type: image_url, image_url: {url: 'https://a.example/{{ it }}'}}", "a.png")


def test_a_case_brings_the_data_itself(load):
    for part in PLACES[:4]:
        assert PICTURE in str(sent(load, part, PICTURE))
    part = "{type: image_url, image_url: {url: 'data:image/png;base64,{{ it }}'}}"
    assert sent(load, part, "iVBORw0KGgo=")["image_url"]["url"] == PICTURE
    audio = sent(load, PLACES[5], "UklGRi+/AAA=")
    assert audio["input_audio"]["data"] == "UklGRi+/AAA="


def test_words_and_numbers_are_no_addresses(load):
    part = "{type: image_url, image_url: {url: 'https://a.example/a.png', detail: '{{ it }}'}}"
    assert sent(load, part, "high")["image_url"]["detail"] == "high"
    part = "{type: document, title: 'Note: read this', name: '{{ it }}', source: {}}"
    assert sent(load, part, "Report of May.pdf")["name"] == "Report of May.pdf"


def test_what_a_text_part_says_is_text(load):
    said = "see http://a.example/ and {{ it }}"
    part = "{type: text, text: 'see http://a.example/ {{ it }}'}"
    assert sent(load, part, said)["text"] == f"see http://a.example/ {said}"
    part = "{type: tool_result, content: [{type: text, text: '{{ it }}'}]}"
    assert sent(load, part, said)["content"][0]["text"] == said
