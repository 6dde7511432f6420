"""What a response's status and headers mean, and what a server says with an error."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from support import misbehaving
from support.misbehaving import TestServer
from support.program import TOKEN, Home

from jobevents_cli.clients.session import Response
from jobevents_cli.clients.statuses import error_of, kind_of, retry_after, said, skew
from jobevents_cli.config.redaction import hide
from jobevents_cli.config.token import Token
from jobevents_cli.errors import (
    AccessDenied,
    JobEventsError,
    NoUsableAnswer,
    RequestRefused,
    TokenRefused,
    TransientFault,
)

Serve = Callable[..., TestServer]
ESCAPED = "".join(f"\\u{ord(character):04x}" for character in TOKEN)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def _response(status: int, body: bytes = b"", token: Token | None = None, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, named, body, "pe:8143", token)


def _token() -> Token:
    return Token(TOKEN, "the token in a test")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RequestRefused),
        (401, TokenRefused),
        (403, AccessDenied),
        (404, RequestRefused),
        (406, RequestRefused),
        (408, TransientFault),
        (418, RequestRefused),
        (429, TransientFault),
        (500, TransientFault),
        (503, TransientFault),
        (599, TransientFault),
        (301, NoUsableAnswer),
        (204, TransientFault),
    ],
)
def test_the_status_decides(status: int, kind: type[JobEventsError]) -> None:
    """Whatever the body says: its `kind` may name another fault."""
    body = b'{"kind": "puppetlabs.orchestrator/unknown-job", "msg": "no such job"}'
    error = error_of(_response(status, body, _token()), about="job 352: ", hints={status: "do this"})
    assert type(error) is kind
    assert f"pe:8143 says {status}: no such job" in error.message
    assert error.hint in ("do this", "log in with: puppet-access login", None)


def test_a_401_on_a_token_from_a_file_is_worth_waiting_for(home: Home) -> None:
    """Another token may be written to the file; one from the environment stays as it is."""
    token = Token.from_file(str(home.write_token()), "--token-file")
    assert type(error_of(_response(401, token=token))) is TokenRefused
    assert "the client certificate was not accepted" in error_of(_response(401)).message


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"msg": "two\\nlines ", "error": "x"}', "two lines"),
        (b'{"error": "No information is known about report"}', "No information is known about report"),
        (b"<html><head><title>t</title><style>p{}</style></head><p>Bad  gateway</p></html>", "Bad gateway"),
        (b"plain text", "plain text"),
        (b'{"msg": 7}', '{"msg": 7}'),
        (b"\xff\xfe", "\N{REPLACEMENT CHARACTER}" * 2),
        (b"[" * 5000, "[" * 200 + "..."),
        (b"", ""),
    ],
)
def test_what_the_server_said_is_one_short_line(body: bytes, text: str) -> None:
    """A JSON error's message, or the text of a page, of a few hundred characters at most."""
    assert said(body) == text


@pytest.mark.parametrize(
    "body", [json.dumps({"msg": f"bad {TOKEN}"}), f'{{"msg": "bad {ESCAPED}"}}', f"<p>{'x' * 190}{TOKEN}</p>"]
)
def test_the_token_is_redacted_before_cutting(body: str) -> None:
    """No beginning of it is left where the text is cut."""
    hide(TOKEN)
    assert TOKEN[:8] not in said(body.encode())


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"kind":"puppetlabs.orchestrator/unknown-job"}', "unknown-job"),
        (b'{"kind":"unknown-job"}', "unknown-job"),
        (b'{"kind":7}', ""),
        (b'["kind"]', ""),
        (b"<html>", ""),
    ],
)
def test_the_kind_is_the_part_after_the_slash(body: bytes, kind: str) -> None:
    """What is before it varies with the versions."""
    assert kind_of(_response(404, body)) == kind


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("-1", None),
        ("9" * 5000, None),
        ("soon", None),
        ("", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Mon, 01 Jan 9999 00:00:00 GMT", None),
        ("Mon, 01 Jan 1800 00:00:00 GMT", None),
        (format_datetime(NOON.replace(minute=1), usegmt=True), 60.0),
        (format_datetime(NOON.replace(hour=11), usegmt=True), 0.0),
    ],
)
def test_retry_after_is_a_number_or_a_date_by_the_servers_clock(text: str, seconds: float | None) -> None:
    """Absurd ones are ignored. That the server's clock differs from ours changes nothing."""
    assert retry_after({"retry-after": text, "date": format_datetime(NOON, usegmt=True)}) == seconds


@pytest.mark.parametrize("year", ["99999999999999999999", "9999", "1800", "-5"])
def test_an_absurd_date_says_nothing_about_the_clock(year: str) -> None:
    """Then both clocks are taken to agree."""
    assert skew(f"Mon, 01 Jan {year} 00:00:00 GMT", NOON.timestamp()) == 0.0


def test_the_clocks_differ_by_more_than_a_second_or_two() -> None:
    """A date is no more exact than a second."""
    date = format_datetime(NOON, usegmt=True)
    assert skew(date, NOON.timestamp() - 100) == 100.0
    assert skew(date, NOON.timestamp() - 1.5) == 0.0


@pytest.mark.parametrize("year", ["99999999999999999999", "9999"])
def test_absurd_dates_do_no_harm(home: Home, serve: Serve, year: str) -> None:
    """Neither in Retry-After nor in Date, whatever command reads them."""
    absurd = f"Mon, 01 Jan {year} 00:00:00 GMT"
    limited = misbehaving.status(429, b"", Retry_After=absurd, Date=absurd)
    server = serve(misbehaving.job("n1:finished", "job:finished"), faults={1: limited})
    assert home.run("list", "352", "--url", server.url).status == 0
    server.faults[0] = misbehaving.other_body(b'{"items": [{"name": "3", "state": "running"}]}')
    assert home.run("jobs", "--url", server.url).status == 0
