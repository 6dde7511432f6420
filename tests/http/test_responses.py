"""What a response's status, headers and body mean."""

import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from support import misbehaving
from support.misbehaving import TestServer, job
from support.program import TOKEN, Home

from jobevents_cli.demo.server import Answer
from jobevents_cli.errors import (
    AccessDenied,
    JobEventsError,
    NoUsableAnswer,
    RequestRefused,
    TokenRefused,
    TransientFault,
)
from jobevents_cli.http import responses
from jobevents_cli.http.json_elements import BrokenResponse
from jobevents_cli.http.responses import Response, error_of, json_of, retry_after, skew
from jobevents_cli.http.token import Token

Serve = Callable[..., TestServer]
ESCAPED = "".join(f"\\u{ord(character):04x}" for character in TOKEN)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def _response(status: int, body: bytes = b"", token: Token | None = None, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, named, lambda: iter([body]), where="pe:8143", token=token)


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
    ("body", "said"),
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
def test_what_the_server_said_is_one_short_line(body: bytes, said: str) -> None:
    """A JSON error's message, or the text of a page, of a few hundred characters at most."""
    assert _response(500, body).said() == said


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"msg": f"bad {TOKEN}"}),
        f'{{"msg": "bad {ESCAPED}"}}',
        f"<p>{TOKEN[:8]}<b>{TOKEN[8:]}</b></p>",
        f"<p>{'x' * 190}{TOKEN}</p>",
        "".join(f"&#{ord(character)};" for character in TOKEN),
    ],
)
def test_the_token_is_blanked_after_decoding_and_before_cutting(body: str) -> None:
    """No beginning of it is left where the text is cut."""
    said = _response(400, body.encode(), _token()).said()
    assert TOKEN[:8] not in said
    assert "s3cret" not in said


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


def test_gzip_is_unpacked_in_pieces_of_bounded_size() -> None:
    """A small body can be a thousand times as large unpacked."""
    sizes = [len(piece) for piece in _response(200, gzip.compress(bytes(10**7)), content_encoding="gzip").pieces()]
    assert sum(sizes) == 10**7
    assert max(sizes) <= 256 * 1024


@pytest.mark.parametrize("packed", [b"not gzip", gzip.compress(b"{}" * 1000, mtime=0)[:-9], b""])
def test_gzip_that_is_broken_or_cut_off_is_a_broken_response(packed: bytes) -> None:
    """It may be whole the next time."""
    with pytest.raises(BrokenResponse):
        _response(200, packed, content_encoding="gzip").body()


def test_a_document_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept whole is bounded."""
    monkeypatch.setattr(responses, "LARGEST_DOCUMENT", 100)
    assert len(_response(200, b"x" * 100).body()) == 100
    with pytest.raises(BrokenResponse, match="larger than 64 MB"):
        _response(200, b"x" * 101).body()


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"NaN" * 2, b"[" * 100_000])
def test_a_document_that_is_not_json_is_a_broken_response(body: bytes) -> None:
    """It says what came instead."""
    with pytest.raises(BrokenResponse, match="it is not JSON"):
        json_of(_response(200, body))


_PEAK = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.fixture(name="peak")
def _peak(home: Home) -> Callable[..., tuple[int, int]]:
    """Runs the program; gives its exit status and its largest size in MB."""

    def peak(*arguments: str) -> tuple[int, int]:
        program = [sys.executable, "-c", _PEAK, "jobevents", *arguments]
        done = subprocess.run(program, env=home.environment, capture_output=True, timeout=100, check=True)
        status, kilobytes = done.stdout.split()[-2:]
        return int(status), int(kilobytes) // 1024

    return peak


@pytest.mark.slow
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "case",
    [
        (("show", "352"), b'{"name": "', b"x"),
        (("jobs",), b'{"items": [', b'{"name": "7"},'),
        (("list", "352"), b'{"items": [{"id": "1", "message": "', b"x"),
        (("list", "352"), b'{"other": "', b"x"),
    ],
)
def test_endless_responses_take_bounded_memory(
    serve: Serve,
    peak: Callable[..., tuple[int, int]],
    case: tuple[tuple[str, ...], bytes, bytes],
    packed: bool,  # noqa: FBT001 - a table
) -> None:
    """Packed or not, a document, an element or the text beside a list that never ends is given up at 64 MB: 7."""
    arguments, start, rest = case
    server = serve(faults={0: misbehaving.endless_body(start, rest, packed=packed)})
    status, megabytes = peak(*arguments, "--url", server.url)
    assert status == 7
    assert megabytes < 400


@pytest.mark.slow
def test_many_slow_connections_take_little_memory(serve: Serve, peak: Callable[..., tuple[int, int]]) -> None:
    """Each is made anew, by many threads at once."""

    def slow(handler: misbehaving.RecordingHandler, answer: Answer) -> None:
        threading.Event().wait(0.5)
        handler.send(answer)
        handler.close_connection = True

    server = serve(*(job("n1:running", job_id=number) for number in range(1, 81)), faults={0: slow})
    status, megabytes = peak("tail", *map(str, range(1, 81)), "--timeout", "8", "--url", server.url)
    assert status == 124
    assert megabytes < 70
