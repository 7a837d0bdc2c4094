"""As little as litellm can be called with: many calls at once, answers held, nothing else.

`python bare_loop.py MODEL WORDS TIMES AT_ONCE` sends what an evaluation of `shouting` sends: every
word TIMES times in both versions of the prompt, AT_ONCE at the most.
"""

from __future__ import annotations

import asyncio
import os
import sys

# As our gateway has them: no prices fetched, no `.env` read.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_MODE"] = "PRODUCTION"

import litellm  # after the settings above


async def ask_all(model: str, words: int, times: int, at_once: int) -> list[str]:
    """The content of every answer."""
    turns = asyncio.Semaphore(at_once)

    async def ask(system: str, word: str) -> str:
        async with turns:
            answer = await litellm.acompletion(
                model=model,
                messages=[
                    {"role": "system", "content": system},
                    {"role": "user", "content": word},
                ],
                temperature=1,
                max_tokens=20,
            )
        return str(answer.choices[0].message.content)

    calls = [
        ask(system, f"word{number}")
        for _ in range(times)
        for number in range(words)
        for system in ("old", "new")
    ]
    return await asyncio.gather(*calls)


def main() -> None:
    """Ask, and hold that all were answered."""
    model, *numbers = sys.argv[1:]
    words, times, at_once = map(int, numbers)
    answers = asyncio.run(ask_all(model, words, times, at_once))
    if not all(answer.lower().startswith("word") for answer in answers):
        raise SystemExit("an answer is not the one that was expected")


if __name__ == "__main__":
    main()
