"""Reads saved events (`--from`): JSON Lines, as `--json` and `forward` write them, or a document of the API."""

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from io import BufferedReader
from typing import Final, NoReturn, cast

from msgspec import Raw, Struct, ValidationError
from msgspec.json import Decoder

from jobevents_cli.errors import UsageProblem
from jobevents_cli.model.event import Event
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.model.json_text import NOT_JSON, compact, is_unicode, repaired
from jobevents_cli.model.json_values import as_id

STDIN: Final = "-"
"""The name of standard input."""

LONGEST_LINE: Final = 65 * 1024 * 1024
"""Bytes that one line may have: an event of the largest size, and its tag."""

_TAG: Final = re.compile(rb'\{"(?P<kind>job|plan)":"(?P<number>[0-9]{1,19})"(?:,|(?=\}))')

_BLANKS: Final = b" \t\r\n"
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
"""How a file in UTF-16 begins."""

_OPENING: Final = (b"{", b"[")
_HINT: Final = (
    "--from takes JSON Lines, one event a line, as `jobevents list --json` and `jobevents forward` write them"
)


def read_saved(name: str) -> Iterator[tuple[JobRef | None, Event]]:
    """Yield each event saved in the file *name* (`-` is standard input) with its job, in the order of the lines.

    The job is the one that the event's tag names, and None for an event without a tag; the event itself comes
    without the tag. An event whose job and id came before is left out. Blank lines are skipped. A stream is read as
    it arrives. A line can also be a list of events, or the document that the API returns for a job's events; that
    document may be written on several lines. UsageProblem if the file cannot be read or a line is not JSON, or
    neither an event nor a list of them: it names the line's number.
    """
    seen: defaultdict[JobRef | None, set[int]] = defaultdict(set)
    for number, line in _lines(name):
        for ref, event in _events(line, number, name):
            if event.id is not None:
                if event.id in seen[ref]:
                    continue
                seen[ref].add(event.id)
            yield ref, event


def _lines(name: str) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of the file *name* that are not blank, each with its number."""
    try:
        with _opened(name) as file:
            number = 0
            while data := file.readline(LONGEST_LINE + 1):
                number += 1
                if data.strip(_BLANKS) in _OPENING:  # a document that was formatted for people
                    data += file.read(LONGEST_LINE)
                if len(data) > LONGEST_LINE:
                    _refuse(name, number, f"is longer than {LONGEST_LINE >> 20} MB")
                if line := data.strip(_BLANKS):
                    yield number, line
                else:
                    number += _blank_lines(file)
    except OSError as error:
        raise UsageProblem(f"--from {name}: {error.strerror or error}") from None


def _blank_lines(file: BufferedReader) -> int:
    """Read past the blank lines that come next, together: one by one 200 million take minutes. Return how many."""
    count = 0
    while ahead := file.peek():
        blank = len(ahead) - len(ahead.lstrip(_BLANKS))
        end = ahead.rfind(b"\n", 0, blank) + 1
        count += ahead.count(b"\n", 0, end)
        file.read(end)
        if end < len(ahead):
            break
    return count


def _opened(name: str) -> AbstractContextManager[BufferedReader]:
    if name != STDIN:
        return open(name, "rb")  # noqa: PTH123 - a name such as /dev/fd/63 is opened as it is
    if sys.stdin is None:
        raise UsageProblem("--from -: there is no standard input")
    return nullcontext(cast("BufferedReader", sys.stdin.buffer))


def _events(line: bytes, number: int, name: str) -> Iterator[tuple[JobRef | None, Event]]:
    """Yield the event on *line*, or the events in its list, each with the job that its tag names."""
    if line.startswith(_UTF_16):
        _refuse(name, number, "is UTF-16, not UTF-8: PowerShell 5 writes it so, unless told `Out-File -Encoding utf8`")
    try:
        text = compact(line)
        if not is_unicode(text):
            text = repaired(text)
    except NOT_JSON:
        try:
            text = compact(repaired(line))
        except RecursionError:
            _refuse(name, number, "is nested too deeply")
        except NOT_JSON:
            _refuse(name, number, "is not JSON")
    for event in _texts_in(text):
        if not event.startswith(b"{"):
            _refuse(name, number, "is neither an event nor a list of events")
        yield _tagged(event)


def _texts_in(text: bytes) -> Iterator[bytes]:
    items: list[Raw] | None = None
    if text.startswith(b"["):
        items = _list_decoder.decode(text)
    elif b'"items":[' in text:
        with suppress(ValidationError):  # an event with a key of that name
            items = _page_decoder.decode(text).items
    yield from [text] if items is None else map(bytes, items)


def _tagged(text: bytes) -> tuple[JobRef | None, Event]:
    tag = _TAG.match(text)
    if tag and (job := as_id(tag["number"].decode())) is not None:
        return JobRef(Kind(tag["kind"].decode()), job), Event(b"{%b" % text[tag.end() :])
    return None, Event(text)


class _Page(Struct):
    """The document that the API returns for a job's events."""

    items: list[Raw] | None = None


_list_decoder: Final = Decoder(list[Raw])
_page_decoder: Final = Decoder(_Page)


def _refuse(name: str, number: int, why: str) -> NoReturn:
    raise UsageProblem(f"--from {name}: line {number} {why}", hint=_HINT)
