"""Choose the lines of a text that tell most about a failure: one choice for all that show a line of many."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

LOOKED_AT: Final = 64 * 1024
"""Characters at each end of a text that are looked at; what is between them is left out."""

_LONGEST: Final = 2000
"""Characters of a line that are looked at."""

_COLOURS: Final = re.compile(r"\x1b\[(?:[0-9;:]*m|[0-2]?K|\?25[hl])")
"""Colours, and what progress bars send: clear the line, hide the cursor. All else is escaped when it is shown."""

_LINE_END: Final = re.compile(r"\r*\n")
_PROGRESS: Final = re.compile(r"%|\A[^A-Za-z]*\Z")
"""What a later part of the same line overwrites: a progress bar, a spinner."""

# How much a line tells. The list in the contract (error, fatal, failed, ...) is `_WORDS`; the rest was learnt from
# outputs of real failures: apt, systemd, Java, Python, PowerShell, Puppet, npm, make.
_NOTHING, _NOISE, _ORDINARY, _CONSEQUENCE, _REASON, _MARKED, _ROOT = range(7)

_ROOTS: Final = re.compile(r"\s*Caused by: ")
_MARKS: Final = re.compile(
    r"(?:\A|[\])>:] )[\s\[(<*!]*(?:(?i:fatal|error|err|critical|crit|panic|severe|emerg|alert|exception|npm ERR!)|E)"
    r"(?:[\])>!]|:(?=\s|\Z)|\b - |\Z)"
    r"|\b(?:FATAL|ERROR|CRITICAL|PANIC|SEVERE)\b"
    r"|(?:\A|[\s(\[])(?:\w+(?:\.|::))*\w*[a-z](?:Error|Exception)(?::|\Z)"
)
_WORDS: Final = re.compile(
    r"(?<![\w./\\-])(?:\w*(?:error|exception)s?|fatal|fail(?:ed|ure|ures|s|ing)?|denied|invalid|illegal|cannot|can't"
    r"|could ?n[o']t|unable|not|no such|no space|no route|(?:does|is|was|did|wo|has)n't|unknown|undefined|unexpected"
    r"|missing|refused|rejected|forbidden|unauthori[sz]ed|expired|timed? ?out|unreachable|unavailable|unsupported"
    r"|unrecogni[sz]ed|unresolved|abort(?:ed|ing)?|killed|segmentation fault|core dumped|out of memory|conflicts?"
    r"|corrupt(?:ed)?|mismatch(?:ed)?|exceed(?:ed|s)|too (?:many|long|large|old|small)|broken|violat(?:es|ed|ion)|must"
    r"|required|disconnected|reset by peer|locked|in use|already|duplicate|blocked|misspelled|malformed|incorrect|wrong"
    r"|insufficient|disabled)(?![\w/\\-]|\.\w)",
    re.IGNORECASE,
)
_ALL_WELL: Final = re.compile(
    r"\b(?:0|no|without(?: any)?) (?:errors?|failures?|failed|exceptions?)\b"
    r"|\b(?:errors?|failures?|failed|exceptions?) ?[=:] ?0\b",
    re.IGNORECASE,
)
_CONSEQUENCES: Final = re.compile(
    r"returned \S*\d+\S* instead of one of |(?:exit|return|error) ?(?:code|status)\b|exit-code|code=exited"
    r"|\bError \d+\Z|Failed to (?:start|restart|reload|stop) [^:]*\Z|Failed with result|entered failed state"
    r"|^Job for |too quickly|Systemd (?:start|restart|reload|stop) for |skipping run|Skipping because of"
    r"|dependency cycle|on failed catalog|Traceback \(most recent|the above exception|A complete log of this run"
    r"|Errors were encountered|: \*\*\* |\A\W*warn(?:ing)?\b",
    re.IGNORECASE,
)
_NOISES: Final = re.compile(
    r"\s+at \S|\s*File \"[^\"]*\", line \d|\s*from \S+:\d|\s*\+ |\s*\.\.\. \d+ more|At line:\d|[^ ]+:\d+:in [`']"
    r"|\W*(?:info|notice|debug|trace)\b",
    re.IGNORECASE,
)
_HAS_WORD: Final = re.compile(r"[^\W_]")


class Lines(NamedTuple):
    """The lines of a text that are looked at. *left_out*: how many there are between its two ends."""

    lines: list[str]
    left_out: int


def lines_of(text: str) -> Lines:
    """Return the lines of *text* as a terminal leaves them: without colours, and without what was overwritten.

    Blank lines are dropped. Only the first and the last 64 KB are looked at; a mark shows where a line was cut.
    """
    if len(text) <= 2 * LOOKED_AT:
        return Lines(list(_lines(text)), 0)
    head, tail = text[:LOOKED_AT], text[-LOOKED_AT:]
    between = text.count("\n", LOOKED_AT, len(text) - LOOKED_AT)
    cut = text[LOOKED_AT] != "\n"
    return Lines([*_lines(f"{head}…" if cut else head), *_lines(f"…{tail}" if cut else tail)], max(0, between - 1))


def _lines(text: str) -> Iterator[str]:
    for line in _LINE_END.split(_COLOURS.sub("", text)):
        *overwritten, last = line.split("\r")
        for part in (*(part for part in overwritten if not _PROGRESS.search(part)), last):
            if kept := part.strip("\ufeff").rstrip():
                yield kept


def telling_line(lines: Sequence[str]) -> str:
    """Return the one of *lines* that tells most; empty if there is none."""
    chosen = telling_lines(lines, 1)
    return lines[chosen[0]] if chosen else ""


def telling_lines(lines: Sequence[str], most: int) -> list[int]:
    """Return the places of those *lines* that tell most, at most *most* of them, in their order.

    Of lines that tell as much as each other the first ones are chosen, and of root causes ("Caused by:") the last.
    """
    if len(lines) <= most:
        return list(range(len(lines)))
    tells = _how_much_each_tells(lines)
    order = sorted(range(len(lines)), key=lambda at: (-tells[at], -at if tells[at] == _ROOT else at))
    return sorted(order[:most])


def _how_much_each_tells(lines: Sequence[str]) -> list[int]:
    """Return how much each of *lines* tells. A line that ends with a colon announces what the next one tells."""
    tells = [_how_much_it_tells(line[:_LONGEST]) for line in lines]
    for at, (line, own) in enumerate(zip(lines[:-1], tells, strict=False)):
        if own >= _REASON and line.endswith(":"):
            tells[at : at + 2] = [own - 1, max(own, tells[at + 1])]
    return tells


def _how_much_it_tells(line: str) -> int:
    if not _HAS_WORD.search(line):
        return _NOTHING
    if _ROOTS.match(line):
        return _ROOT
    if _NOISES.match(line):
        return _NOISE
    if _CONSEQUENCES.search(line):
        return _CONSEQUENCE
    if _ALL_WELL.search(line):
        line = _ALL_WELL.sub("", line)
    if _MARKS.search(line):
        return _MARKED
    return _REASON if _WORDS.search(line) else _ORDINARY
