import textwrap

import pytest

from promptops.prompts.loading import parse_prompt
from promptops.prompts.rendering import Renderer


class Files:
    """A tree held in memory: the protocol of `documents.tree.Tree`, real in every other way."""

    def __init__(self, files):
        self.files = files

    def read(self, path):
        return self.files.get(path)

    def list(self, folder):
        return sorted(path for path in self.files if path.startswith(f"{folder}/"))


@pytest.fixture
def files():
    return Files


@pytest.fixture
def load():
    """Parse the text of a prompt file; `below` are the files beside it, by path below prompts/."""

    def parse(text, below=None, name="t"):
        tree = Files({f"prompts/{path}": body for path, body in (below or {}).items()})
        return parse_prompt(textwrap.dedent(text), name, tree)

    return parse


@pytest.fixture
def say(load):
    """Render one template over inputs; answers the text of its only message."""

    def render(template, below=None, **columns):
        text = "version: 1\nmodel: maker/model\ninputs: {"
        text += ", ".join(f"{name}: {{}}" for name in columns)
        text += "}\nmessages:\n  - role: user\n    content: |-\n"
        text += textwrap.indent(template, "      ", lambda _: True)
        return Renderer(load(text, below)).render(columns).messages[0].content

    return render
