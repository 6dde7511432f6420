"""Tell whether two failures have the same cause: blank what differs from node to node, and compare the rest.

The contract lists what is blanked. The time it takes grows in proportion to the text: texts come from servers, and no
pattern here goes back more than once.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from jobevents_cli.model.telling_line import LOOKED_AT

Stretch = tuple[int, int]
"""A part of a text: where it begins and where it ends."""

_BLANK: Final = "\udc00"
"""Stands for what was blanked: half a character, which no text contains. It counts as a part of a word, so that
blanking twice is blanking once."""

_SHORT: Final = 500
"""Characters of a text whose blanked form is kept for a while."""

_WORD: Final = "0-9A-Za-z\udc00"
_DAYS: Final = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTHS: Final = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_ZONE: Final = "(?: ?(?:Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}))?"
_CLOCK: Final = rf"[0-9]{{1,2}}:[0-9]{{2}}:[0-9]{{2}}(?:[.,][0-9]{{1,9}})?(?: ?[AP]M)?{_ZONE}"
_DATE_TIME: Final = rf"[0-9]{{4}}[-/][0-9]{{2}}[-/][0-9]{{2}}(?:[T ]{_CLOCK}|[T ][0-9]{{2}}:[0-9]{{2}}{_ZONE})?"
_SYSLOG_TIME: Final = rf"{_MONTHS} {{1,2}}[0-9]{{1,2}} {_CLOCK}"
_NUMBER: Final = r"[0-9]+(?:[.,][0-9]+){0,3}"
_TIME_UNITS: Final = "(?:nano|micro|milli)?seconds?|msecs?|secs?|minutes?|mins?|hours?|hrs?|days?"
_BYTES: Final = "[kKMGTP]i?[Bb](?:it|yte)?s?|[kKMGTP]bps|[Bb](?:ytes?|its?)"
_IPV4: Final = r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}"
_GROUPS: Final = "[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6}"
# With a digit: a::b is a name of Puppet's.
_IPV6: Final = (
    rf"(?=[0-9A-Fa-f:]{{0,40}}[0-9])(?:(?:[0-9A-Fa-f]{{1,4}}:){{7}}[0-9A-Fa-f]{{1,4}}|(?:{_GROUPS})?::(?:{_GROUPS})?)"
)

_PATTERNS: Final = tuple(
    re.compile(rf"(?<![{_WORD}])(?:{pattern})(?![{_WORD}])")
    for pattern in (
        "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",  # UUIDs
        "(?:0[xX])?[0-9A-Fa-f]{8,}",
        # Timestamps: 2026-11-24T02:41:30.831+00:00, 20261124T024130Z, 02:41:30, Nov 24 02:41:30, 24 Nov 2026, ...
        _DATE_TIME,
        "[0-9]{8}T[0-9]{4}(?:[0-9]{2})?Z?",
        r"1[0-9]{9}\.[0-9]{1,9}",
        _CLOCK,
        rf"(?:{_DAYS},? )?{_SYSLOG_TIME}(?: [A-Z]{{3,4}})?(?: [0-9]{{4}})?",
        rf"{_DAYS} {_DATE_TIME}",
        rf"(?:{_DAYS},? )?[0-9]{{1,2}}[ /-]{_MONTHS}[ /-][0-9]{{4}}(?:[ :]{_CLOCK})?",
        rf"(?:{_DAYS},? )?{_MONTHS} {{1,2}}[0-9]{{1,2}}(?:,? [0-9]{{4}})?",
        # Durations: 1.01 seconds, 30s, 1h20m
        rf"{_NUMBER} ?(?:{_TIME_UNITS}|m?s)",
        rf"(?:{_NUMBER}(?:ms|us|µs|ns|s|m|h|d)){{1,4}}",
        # Sizes and rates: 12.3 MB, 4 KiB/s, 512 bytes, 1.2G
        rf"{_NUMBER} ?(?:{_BYTES})(?:/s(?:ec)?|ps| per second)?",
        rf"{_NUMBER}[KMGT]",
        rf"{_NUMBER} ?[A-Za-z]{{1,8}}/s(?:ec)?",
        # Addresses and ports: 10.0.0.5, 10.0.0.5:8140, [2001:db8::1]:8140, "10.0.0.5 80", "port 22"
        rf"{_IPV4}(?:/[0-9]{{1,2}})?(?::[0-9]{{1,5}}|,? (?:port )?[0-9]{{1,5}})?",
        rf"\[{_IPV6}\](?::[0-9]{{1,5}})?",
        rf"{_IPV6}(?:%[0-9A-Za-z]+)?",
        # Numbers of four or more digits, in groups of three too
        "[0-9]{4,}",
        "[0-9]{1,3}(?:,[0-9]{3})+",
    )
)
_PARTS: Final = (
    re.compile(rf"(?<![{_WORD}])(?:pids?|ports?)[^{_WORD}\n]{{1,3}}([0-9]+)(?![{_WORD}])", re.IGNORECASE),
    re.compile(r"(?<=[0-9A-Za-z_.)-])\[([0-9]+)\]"),
    # The host's name in a line of syslog or of the journal: "Nov 23 09:00:20 web01 httpd[998]: ..."
    re.compile(rf"(?<![{_WORD}])(?:{_SYSLOG_TIME}|{_DATE_TIME}) ([A-Za-z0-9_.:-]+) [^\s:\[]+(?:\[[0-9]+\])?: "),
)
"""Patterns of which only the group is blanked."""

_LAST_NAME: Final = re.compile(r"[/\\]([^/\\\s'\"`<>|,;:()\[\]{}]+)(?![^\s'\"`<>|,;:()\[\]{}])")
_LONG_NUMBER: Final = re.compile("[0-9]{5}")


def ends_of(text: str) -> str:
    """Return what of *text* is compared: all of it, or its first and its last 64 KB."""
    return text if len(text) <= 2 * LOOKED_AT else f"{text[:LOOKED_AT]}{text[-LOOKED_AT:]}"


def blanked(text: str, node: str) -> str:
    """Return *text* with the names of *node*, and all else that differs from node to node, blanked.

    Two texts give the same exactly if they are the same outside their blanks.
    """
    names = _own_names(text, node)
    return _without(text, [*names, *_common(text)]) if names else blanked_but_names(text)


def blanked_but_names(text: str) -> str:
    """Return *text* with all but names of nodes blanked."""
    return _blanked_short(text) if len(text) <= _SHORT else _without(text, _common(text))


@lru_cache(maxsize=4096)
def _blanked_short(text: str) -> str:
    """Return *text* blanked: many nodes say the same, so that this need not be repeated."""
    return _without(text, _common(text))


def _without(text: str, stretches: list[Stretch]) -> str:
    pieces: list[str] = []
    at = 0
    for start, end in _merged(stretches):
        pieces += (text[at:start], _BLANK)
        at = end
    pieces.append(text[at:])
    return "".join(pieces)


def _own_names(text: str, node: str) -> list[Stretch]:
    """Return where *text* names the node: by its certname, or by its first label as a whole word."""
    found: list[Stretch] = []
    for name in {node, node.partition(".")[0]} - {""}:
        start = text.find(name)
        while start >= 0:
            end = start + len(name)
            if not _is_in_word(text, start - 1) and not _is_in_word(text, end):
                found.append((start, end))
            start = text.find(name, end)
    return found


def _is_in_word(text: str, at: int) -> bool:
    return 0 <= at < len(text) and (text[at].isalnum() or text[at] in ("_", _BLANK))


def _common(text: str) -> list[Stretch]:
    """Return what is blanked on every node."""
    found = [match.span() for pattern in _PATTERNS for match in pattern.finditer(text)]
    found += [match.span(1) for pattern in _PARTS for match in pattern.finditer(text)]
    for name in _LAST_NAME.finditer(text):
        if number := _LONG_NUMBER.search(text, name.start(1), name.end(1)):
            found.append((number.start(), name.end(1)))
    return found


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
