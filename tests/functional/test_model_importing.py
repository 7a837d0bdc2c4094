"""What importing and using the client below may not do: load a `.env`, print, reach the network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.loopback import Loopback

# The audit hook sees every name that is resolved and every address that is connected to.
GUARDED = """
import asyncio, os, sys, threading

reached = []
def watch(event, args):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname"}:
        reached.append((event, str(args[-1] if event == "socket.connect" else args[0])))
sys.addaudithook(watch)

from promptops.models.opening import open_model
from promptops.values.request import Message, Request

assert "litellm" not in sys.modules

async def main():
    model = open_model()
    assert not reached, reached
    request = Request("openai/gpt-4o-mini", (Message("user", "hello"),))
    for number in range(3):
        outcome = await model.respond(request, index=number)
        assert outcome.content == "hello", outcome
    model.count_tokens(request)
    model.count_tokens(Request("huggingface/orchard/pear", request.messages))
    model.count_tokens(Request("anthropic/claude-3-5-haiku-latest", request.messages))
    await model.close()
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    assert not rest, rest

asyncio.run(main())
away = [each for each in reached if "127.0.0.1" not in each[1]]
assert not away, away
assert "PLANTED" not in os.environ
alive = [each for each in threading.enumerate() if each is not threading.main_thread()]
assert not [each for each in alive if not each.daemon], alive
"""


def test_it_is_silent_reaches_only_the_endpoint_and_loads_no_env_file(tmp_path: Path):
    (tmp_path / ".env").write_text("PLANTED=yes\nOPENAI_API_BASE=http://127.0.0.1:9/v1\n")
    kept = {name: value for name, value in os.environ.items() if "LITELLM" not in name}
    with Loopback() as server:
        done = subprocess.run(
            [sys.executable, "-W", "error::ResourceWarning", "-c", GUARDED],
            cwd=tmp_path,
            env={**kept, **server.environ},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert len(server.chats) == 3
    assert (done.stdout, done.stderr) == ("", "")
    assert sorted(each.name for each in tmp_path.iterdir()) == [".env"]
