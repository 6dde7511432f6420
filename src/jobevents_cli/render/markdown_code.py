"""Text from servers in Markdown: as code, where neither HTML, links, mentions nor other markup have a meaning."""

import re
from collections.abc import Iterable
from typing import Final

from jobevents_cli.render.escape import safe

_LONGEST: Final = 1000
_LONGEST_RUN: Final = 8
_BACKTICKS: Final = re.compile("`+")
_AMBIGUOUS: Final = re.compile(r"\\(?=\|)")


def code(text: str) -> str:
    """Return *text* as a code span that is safe in a table too; empty for blank text.

    It is on one line, and at most 1,000 characters of it are kept.
    """
    text = safe(text.strip())
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}…"
    # In a table a pipe is written with a backslash. Parsers disagree about two backslashes before it.
    text = _AMBIGUOUS.sub(r"\\ ", text).replace("|", r"\|")
    longest = _longest_run(text)
    if longest > _LONGEST_RUN:
        text, longest = text.replace("`", "'"), 0
    if not text:
        return ""
    fence = "`" * (longest + 1)
    return f"{fence} {text} {fence}" if longest else f"{fence}{text}{fence}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)


def code_block(lines: Iterable[str]) -> list[str]:
    """Return *lines*, which must be safe, as a block of code."""
    block = list(lines)
    fence = "`" * (1 + max(2, *(_longest_run(line) for line in block), 0))
    return [f"{fence}text", *block, fence]
