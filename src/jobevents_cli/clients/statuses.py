"""The error that each status other than 200 means, and what a server says with it."""

from __future__ import annotations

import re
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from jobevents_cli.config.redaction import redact_text
from jobevents_cli.errors import (
    LOGIN_HINT,
    AccessDenied,
    JobEventsError,
    NoUsableAnswer,
    RequestRefused,
    TokenRefused,
    TransientFault,
)
from jobevents_cli.model.json_text import NOT_JSON, parsed
from jobevents_cli.model.json_values import as_mapping, as_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jobevents_cli.clients.session import Response

_EXCERPT: Final = 200
_CLOCKS_AGREE: Final = 2.0
_LAST_MOMENT: Final = 4_102_444_800.0
"""The year 2100: a later date is the server's mistake."""
_LONGEST_WAIT_TEXT: Final = 10
_REDIRECTS: Final = range(300, 400)
_REFUSALS: Final = frozenset(range(400, 500)) - {408, 429}


def error_of(response: Response, *, about: str = "", hints: Mapping[int, str] | None = None) -> JobEventsError:
    """Return the error that *response*, which is not a 200, means: by its status first.

    *about* begins the message and names what was requested, `job 352: `; *hints* has hints by status.
    """
    status, text = response.status, said(response.body)
    told = f"{response.where} says {status}{': ' + text if text else ''}"
    hint = (hints or {}).get(status)
    token = response.token.description if response.token else "the client certificate"
    match status:
        case 401:
            kind = TokenRefused if response.token else AccessDenied
            return kind(f"{token} was not accepted: {told}", hint=LOGIN_HINT if response.token else hint)
        case 403:
            return AccessDenied(f"{about}{token} does not permit this: {told}", hint=hint)
        case _ if status in _REDIRECTS:
            target = _excerpt(redact_text(response.location.split("?")[0]))
            return NoUsableAnswer(
                f"{told}: a redirect to {target or 'nowhere'}, which is not followed",
                hint=hint or "is this the address of the server itself, and not of the console or a proxy?",
            )
        case _ if status in _REFUSALS:
            return RequestRefused(f"{about}{told}", hint=hint)
        case _:
            return TransientFault(told, retry_after=retry_after(response.headers), hint=hint)


def kind_of(response: Response) -> str:
    """Return the part after the slash of the `kind` that the error in *response* has; empty if it has none.

    `puppetlabs.orchestrator/unknown-job` gives `unknown-job`: what is before the slash varies (PE 2021.7 manual,
    "Orchestrator API error responses").
    """
    return as_text(_object_in(response.body).get("kind")).rpartition("/")[2]


def said(body: bytes | bytearray) -> str:
    """Return what an error's *body* says, on one line: its `msg` or `error`, or else the beginning of the text."""
    document = _object_in(body)
    text = as_text(document.get("msg")) or as_text(document.get("error"))
    if not text:
        text = re.sub(r"(?s)<(style|script|title)\b.*?</\1>|<[^>]*>", " ", body.decode("utf-8", "replace"))
    return _excerpt(redact_text(" ".join(text.split())))


@lru_cache(maxsize=1)
def skew(date: str, received: float) -> float:
    """Return the seconds that the server's clock, which wrote *date*, is ahead of ours, no more exact than a second."""
    written = moment_of(date)
    return 0.0 if written is None or abs(written - received) <= _CLOCKS_AGREE else written - received


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that the server asks us to wait, given as a number or as a date by the server's own clock."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text) if len(text) <= _LONGEST_WAIT_TEXT else None
    wanted = moment_of(text)
    if wanted is None:
        return None
    written = moment_of(headers.get("date", ""))
    return max(0.0, wanted - (time.time() if written is None else written))


def moment_of(date: str) -> float | None:
    """Return the seconds since 1970 of an HTTP *date*; None if it is not one, or not between 1970 and 2100."""
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    return moment if 0 <= moment <= _LAST_MOMENT else None


def _object_in(body: bytes | bytearray) -> Mapping[str, Any]:
    try:
        return as_mapping(parsed(body))
    except NOT_JSON:
        return {}


def _excerpt(text: str) -> str:
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}..."
