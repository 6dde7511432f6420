"""Blanks the parts of an error's text that differ from node to node although the cause is the same.

These are: the node's own name; hexadecimal strings of 8 or more digits; UUIDs; timestamps and durations; the part of a
path's last name from a run of 5 or more digits on; numbers of 4 or more digits; the number after `pid`. The time it
takes grows in proportion to the text: texts come from servers, and no pattern here goes back more than once.
"""

import re
from collections.abc import Iterator
from typing import Final

Stretch = tuple[int, int]
"""A part of a text: where it begins and where it ends."""

_BLANK: Final = "\x01"
_RESERVED: Final = re.compile("[\x00\x01]")

_DAYS: Final = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTHS: Final = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_ZONE: Final = "(?: ?(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}))?"
_CLOCK: Final = rf"[0-9]{{1,2}}:[0-9]{{2}}:[0-9]{{2}}(?:[.,][0-9]{{1,9}})?(?: ?[AP]M)?{_ZONE}"
_UNIT_WORDS: Final = "(?:nano|micro|milli)?seconds?|msecs?|secs?|minutes?|mins?|hours?|hrs?|days?"
_UNIT_SYMBOLS: Final = "ms|us|µs|ns|s|m|h|d"

_PATTERNS: Final = tuple(
    re.compile(rf"(?<![0-9A-Za-z]){pattern}(?![0-9A-Za-z])")
    for pattern in (
        "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",  # UUIDs
        "(?:0[xX])?[0-9A-Fa-f]{8,}",
        # Timestamps: 2026-11-24T02:41:30.831+00:00, 20261124T024130Z, 02:41:30, Nov 24 02:41:30, 24 Nov 2026, ...
        rf"[0-9]{{4}}[-/][0-9]{{2}}[-/][0-9]{{2}}(?:[T ]{_CLOCK}|[T ][0-9]{{2}}:[0-9]{{2}}{_ZONE})?",
        "[0-9]{8}T[0-9]{4}(?:[0-9]{2})?Z?",
        _CLOCK,
        rf"(?:{_DAYS},? )?{_MONTHS} {{1,2}}[0-9]{{1,2}}(?:,? [0-9]{{4}})? {_CLOCK}(?: [A-Z]{{3,4}})?(?: [0-9]{{4}})?",
        rf"(?:{_DAYS},? )?[0-9]{{1,2}}[ /-]{_MONTHS}[ /-][0-9]{{4}}(?:[ :]{_CLOCK})?",
        rf"(?:{_DAYS},? )?{_MONTHS} {{1,2}}[0-9]{{1,2}},? [0-9]{{4}}",
        # Durations: 1.01 seconds, 30s, 1h20m
        rf"[0-9]+(?:\.[0-9]+)? ?(?:{_UNIT_WORDS}|ms)",
        rf"(?:[0-9]+(?:\.[0-9]+)?(?:{_UNIT_SYMBOLS})){{1,4}}",
        "[0-9]{4,}",
    )
)
_PID: Final = re.compile(r"(?<![0-9A-Za-z])pids?[^0-9A-Za-z\n]{0,3}([0-9]+)", re.IGNORECASE)
_LAST_NAME: Final = re.compile(r"[/\\]([^/\\\s'\"`<>|,;:()\[\]{}]+)(?=[\s'\"`<>|,;:()\[\]{}]|$)")
_LONG_NUMBER: Final = re.compile("[0-9]{5}")


def blanked(text: str, node: str) -> str:
    """Return *text* with the name *node*, and all else that differs from node to node, blanked.

    Two texts give the same if and only if they are the same outside their blanks.
    """
    pieces: list[str] = []
    at = 0
    for start, end in _merged([*_own_names(text, node), *_temporary_names(text), *_others(text)]):
        pieces += (_RESERVED.sub("\x00\\g<0>", text[at:start]), _BLANK)
        at = end
    pieces.append(_RESERVED.sub("\x00\\g<0>", text[at:]))
    return "".join(pieces)


def _own_names(text: str, node: str) -> Iterator[Stretch]:
    start = text.find(node) if node else -1
    while start >= 0:
        end = start + len(node)
        if not _is_in_word(text, start - 1) and not _is_in_word(text, end):
            yield start, end
        start = text.find(node, end)


def _is_in_word(text: str, at: int) -> bool:
    return 0 <= at < len(text) and text[at].isalnum()


def _temporary_names(text: str) -> Iterator[Stretch]:
    for name in _LAST_NAME.finditer(text):
        if number := _LONG_NUMBER.search(text, name.start(1), name.end(1)):
            yield number.start(), name.end(1)


def _others(text: str) -> Iterator[Stretch]:
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            yield match.span()
    for match in _PID.finditer(text):
        yield match.span(1)


def _merged(stretches: list[Stretch]) -> Iterator[Stretch]:
    """Yield *stretches* in order; those that touch or overlap are one."""
    stretches.sort()
    current: Stretch | None = None
    for start, end in stretches:
        if current and start <= current[1]:
            current = (current[0], max(current[1], end))
            continue
        if current:
            yield current
        current = (start, end)
    if current:
        yield current
