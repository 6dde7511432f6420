"""A response: its status, headers and body, and the error for each status other than 200."""

from __future__ import annotations

import json
import re
import time
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from jobevents_cli.errors import (
    LOGIN_HINT,
    AccessDenied,
    JobEventsError,
    NoUsableAnswer,
    RequestRefused,
    TokenRefused,
    TransientFault,
)
from jobevents_cli.http.json_elements import BrokenResponse
from jobevents_cli.http.secrets import without_token
from jobevents_cli.model.json_text import LARGE_MEMBER, SpelledFloat, integer, without_large_member

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from jobevents_cli.http.token import TokenSource

LARGEST_DOCUMENT: Final = 64 * 1024 * 1024
"""Bytes that a response may have if it is kept as a whole."""

_GZIP: Final = 16 + zlib.MAX_WBITS
_LARGEST_PIECE: Final = 256 * 1024
_ERROR_BODY: Final = 16 * 1024
_EXCERPT: Final = 200
_CLOCKS_AGREE: Final = 2.0
_LAST_MOMENT: Final = 4_102_444_800.0
"""The year 2100: a later date is the server's mistake."""
_LONGEST_WAIT_TEXT: Final = 10
_TRANSIENT: Final = frozenset({408, 429})


class Response:
    """What a server sent: the status and headers, and the body, which comes piece by piece."""

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        packed: Callable[[], Iterator[bytes]],
        *,
        where: str,
        token: TokenSource | None,
    ) -> None:
        """*packed* gives the body as it comes over the wire; *where* names the server, *token* is the one sent."""
        self.status = status
        self.headers = headers
        self.where = where
        self.token = token
        self._packed = packed

    def pieces(self) -> Iterator[bytes]:
        """The body, unpacked, in pieces of at most 256 KiB; BrokenResponse if it cannot be unpacked.

        Connection faults come as TransientFault, after what came before them.
        """
        if self.headers.get("content-encoding", "").lower() not in ("gzip", "x-gzip"):
            yield from self._packed()
            return
        unpack = zlib.decompressobj(_GZIP)
        try:
            for packed in self._packed():
                rest = packed
                while piece := unpack.decompress(rest, _LARGEST_PIECE):
                    yield piece
                    rest = unpack.unconsumed_tail
        except zlib.error:
            raise BrokenResponse("it is not gzip") from None
        if not unpack.eof:
            raise BrokenResponse("it is cut off")

    def body(self) -> bytes:
        """The whole body; BrokenResponse if it is larger than 64 MB."""
        return b"".join(self.limited_pieces())

    def limited_pieces(self) -> Iterator[bytes]:
        """As `pieces`, for a caller that keeps them all: BrokenResponse if they are more than 64 MB."""
        size = 0
        for piece in self.pieces():
            size += len(piece)
            if size > LARGEST_DOCUMENT:
                raise BrokenResponse("it is larger than 64 MB")
            yield piece

    def said(self) -> str:
        """What the server says in an error's body: its `msg` or `error`, or else the beginning of the text in it."""
        body = b""
        try:
            for piece in self.pieces():
                body += piece
                if len(body) >= _ERROR_BODY:
                    break
        except (BrokenResponse, TransientFault):
            pass  # the status says enough if the text breaks off
        return self.blanked(_text_of(body[:_ERROR_BODY]), _EXCERPT)

    def blanked(self, text: str, longest: int = 4 * _EXCERPT) -> str:
        """*text*, which the server wrote, for a message: without the token, and cut after *longest* characters."""
        text = without_token(text, self.token.value) if self.token else text
        return text if len(text) <= longest else text[:longest] + "..."


def json_of(response: Response, *, large_member: str | None = None) -> object:
    """The JSON document in the body of *response*; BrokenResponse if there is none, or more than 64 MB.

    *large_member*: if the member of that name is large, its value is None.
    """
    body = response.body()
    begin = body[:_ERROR_BODY]
    try:
        text = body.decode(json.detect_encoding(body)) if large_member and len(body) > LARGE_MEMBER else body
        del body
        if large_member and isinstance(text, str):
            text = without_large_member(text, large_member)
        return json.loads(text, parse_int=integer, parse_float=SpelledFloat)
    except (ValueError, RecursionError):
        raise BrokenResponse("it is not JSON:", _text_of(begin) or "empty") from None


def error_of(response: Response, *, about: str = "", hints: Mapping[int, str] | None = None) -> JobEventsError:
    """The error that *response*, which is not a 200, means: by its status first.

    *about* begins the message and names what was requested, `job 352: `; *hints* has hints by status.
    """
    from httpx import codes

    status, said = response.status, response.said()
    told = f"{response.where} says {status}{': ' + said if said else ''}"
    hint = (hints or {}).get(status)
    token = response.token.description if response.token else "the client certificate"
    match status:
        case 401:
            kind = TokenRefused if response.token else AccessDenied
            return kind(f"{token} was not accepted: {told}", hint=LOGIN_HINT if response.token else hint)
        case 403:
            return AccessDenied(f"{about}{token} does not permit this: {told}", hint=hint)
        case _ if status in _TRANSIENT or codes.is_server_error(status):
            return TransientFault(told, retry_after=retry_after(response.headers), hint=hint)
        case _ if codes.is_redirect(status):
            target = response.blanked(response.headers.get("location", "").split("?")[0], _EXCERPT)
            return NoUsableAnswer(
                f"{told}: a redirect to {target or 'nowhere'}, which is not followed",
                hint=hint or "is this the address of the server itself, and not of the console or a proxy?",
            )
        case _ if codes.is_client_error(status):
            return RequestRefused(f"{about}{told}", hint=hint)
        case _:
            return TransientFault(told)


@lru_cache(maxsize=1)
def skew(date: str, received: float) -> float:
    """Seconds that the server's clock, which wrote *date*, is ahead of ours; it is no more exact than a second."""
    written = _moment(date)
    return 0.0 if written is None or abs(written - received) <= _CLOCKS_AGREE else written - received


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks us to wait, given as a number or as a date by the server's own clock."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text) if len(text) <= _LONGEST_WAIT_TEXT else None
    wanted = _moment(text)
    if wanted is None:
        return None
    written = _moment(headers.get("date", ""))
    return max(0.0, wanted - (time.time() if written is None else written))


def _moment(date: str) -> float | None:
    """The seconds since 1970 of an HTTP *date*; None if it is not one, or not one of this century or the last."""
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    return moment if 0 <= moment <= _LAST_MOMENT else None


def _text_of(body: bytes) -> str:
    """The text in an error's *body*, on one line: the message in a JSON object, or the text of an HTML page."""
    try:
        document = json.loads(body, parse_int=integer)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict):
        for key in ("msg", "error"):
            if isinstance(document.get(key), str):
                return " ".join(document[key].split())
    text = body.decode("utf-8", "replace")
    text = re.sub(r"(?s)<(style|script|title)\b.*?</\1>|<[^>]*>", " ", text)
    return " ".join(text.split())
