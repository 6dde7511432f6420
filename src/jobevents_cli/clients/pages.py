"""Reads responses with msgspec: lists of events, jobs or nodes, each with its own text, and single documents."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

from msgspec import DecodeError, Raw, Struct, ValidationError
from msgspec.json import Decoder

from jobevents_cli.clients.session import Response, TooLarge
from jobevents_cli.clients.statuses import moment_of
from jobevents_cli.errors import NoUsableAnswer, TransientFault
from jobevents_cli.following.page import Page
from jobevents_cli.model.event import Event, EventHead, events_of
from jobevents_cli.model.json_text import NOT_JSON, compact, is_unicode, members_of, parsed, repaired

_EXCERPT: Final = 16  # enough to see whether it is HTML

_BEGIN: Final = 64

_FEW: Final = 16 * 1024 * 1024
"""Bytes of a response whose values need not be counted."""

_MOST_EVENTS: Final = 4_000_000
_MOST_OBJECTS: Final = 8_000_000
_MOST_VALUES: Final = 32_000_000
"""What a response may have of these: a hostile one of 256 MB could have 100 million, at 70 bytes of memory and more."""

_MOST_ROWS: Final = 1_000_000
"""Objects in a response of PuppetDB."""

_LARGE: Final = 1024 * 1024

Read = TypeVar("Read")


class _TooMany(Exception):
    """The response has more values than fit into memory."""


class _Items(Struct):
    """Every response that holds events, jobs or nodes has a list of that name."""

    items: list[Raw]


class _Heads(Struct):
    items: list[EventHead]


_rows_decoder: Final = Decoder(list[Raw])
_items_decoder: Final = Decoder(_Items)
_heads_decoder: Final = Decoder(_Heads, strict=False)


def page_in(response: Response) -> Page:
    """Return the events in *response*."""
    return Page(_read(response, _events), moment_of(response.headers.get("date", "")))


def objects_in(response: Response) -> list[tuple[dict[str, Any], bytes]]:
    """Return the objects in the list of *response*, each with its compact text."""
    return _read(response, _objects)


def object_in(response: Response, *, large: str = "") -> tuple[dict[str, Any], bytes]:
    """Return the object that *response* is, and its compact text.

    The member *large* is left out if it is so: as a value it would take many times the memory of its text.
    """
    return _read(response, lambda text: _object(text, large), shape="it is not a JSON object")


def text_in(response: Response) -> bytes:
    """Return the compact text of the JSON value that *response* is."""
    return _read(response, bytes)


def value_in(response: Response) -> Any:
    """Return the JSON value that *response* is."""
    return _read(response, _value)


def rows_in(response: Response) -> list[Raw] | None:
    """Return the texts of the elements of the list that *response* is, as they came; None if it is no list.

    TooLarge if there are more than a million objects in it, which no report has.
    """
    if response.body.count(b"{") > _MOST_ROWS:
        raise TooLarge(f"the response from {response.where} has too many values")
    body = response.body
    with suppress(*NOT_JSON):
        try:
            return _rows_decoder.decode(body if is_unicode(body) else repaired(body))
        except DecodeError:
            return _rows_decoder.decode(repaired(body))
    return None


def _events(text: bytes) -> list[Event]:
    if text.count(b"},{") > _MOST_EVENTS:  # a quick look; if the events are no objects, their heads are refused
        raise _TooMany
    try:
        heads = _heads_decoder.decode(text).items
    except ValidationError:  # a field has an unexpected type: each event is read for itself
        _check_count(text)
        return list(events_of(_items_decoder.decode(text).items, None))
    return list(events_of(_items_decoder.decode(text).items, heads))


def _object(text: bytes, large: str) -> tuple[dict[str, Any], bytes]:
    _check_count(text)
    members = members_of(text)
    return {name: parsed(raw) for name, raw in members.items() if name != large or len(bytes(raw)) < _LARGE}, text


def _objects(text: bytes) -> list[tuple[dict[str, Any], bytes]]:
    _check_count(text)
    pairs = [(parsed(item), item) for item in map(bytes, _items_decoder.decode(text).items)]
    return [(value, item) for value, item in pairs if type(value) is dict]


def _value(text: bytes) -> Any:
    _check_count(text)
    return parsed(text)


def _check_count(text: bytes) -> None:
    """Refuse *text* if its values take far more memory than their text."""
    if len(text) > _FEW and (text.count(b"{") + text.count(b"[") > _MOST_OBJECTS or text.count(b",") > _MOST_VALUES):
        raise _TooMany


def _read(response: Response, read: Callable[[bytes], Read], *, shape: str = "it has no list of items") -> Read:
    """Return what *read* makes of the compact text of *response*; NoUsableAnswer if it has too many values.

    TransientFault if it is not JSON, even once it is repaired, or not as *read* expects: *shape* says how.
    """
    body, response.body = response.body, b""
    begin = bytes(body[:_BEGIN])
    try:
        try:
            text = compact(body)
        except DecodeError:
            text = compact(repaired(body))
        del body
        return read(text if is_unicode(text) else repaired(text))
    except _TooMany:
        raise NoUsableAnswer(f"the response from {response.where} has too many values") from None
    except ValidationError:
        raise _broken(response, shape) from None
    except RecursionError:
        raise _broken(response, "it is nested too deeply") from None
    except NOT_JSON:
        raise _broken(response, _whats_wrong(begin)) from None


def _whats_wrong(begin: bytes) -> str:
    text = " ".join(begin.decode("utf-8", "replace").split())
    if text.startswith(("{", "[")):
        return "it is not whole, or not JSON"
    return f"it is not JSON: {text[:_EXCERPT]!r}" if text else "it is empty"


def _broken(response: Response, why: str) -> TransientFault:
    return TransientFault(f"the response from {response.where} is broken: {why}")
