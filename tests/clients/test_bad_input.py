"""Whatever a server sends: a clear error or a value, never a defect, and bounded memory. The program itself is run."""

import gzip
import json
import subprocess
import sys
from collections.abc import Callable

import pytest
from support import misbehaving
from support.misbehaving import Fault, TestServer
from support.plans import answering
from support.program import Home

Serve = Callable[..., TestServer]
LARGEST = 256

DEEP = b"[" * 500 + b"]" * 500
EVENT = b'{"id":"1","type":"node_running"}'


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "it is empty"),
        (b"<html><h1>Sign in</h1></html>", "it is not JSON: '<html><h1>Sign i'"),
        (b"\x00\x01\x02", "it is not JSON"),
        (b'{"items":[%b' % EVENT, "it is not whole, or not JSON"),
        (b'{"items":[{"n":NaN}]}', "it is not whole, or not JSON"),
        (b'{"items":[{"n":01}]}', "it is not whole, or not JSON"),
        (b"[%b]" % EVENT, "it has no list of items"),
        (b'"text"', "it has no list of items"),
        (b'{"events":[]}', "it has no list of items"),
        (b'{"items":[%b%b]}' % (b'{"a":' * 50_000, b"1" + b"}" * 50_000), "it is nested too deeply"),
    ],
)
def test_what_is_no_page_is_a_broken_response(home: Home, serve: Serve, body: bytes, why: str) -> None:
    """With the status 200, which proxies and login pages have. No part of it is printed."""
    server = serve(faults={0: misbehaving.other_body(body)})
    ran = home.run("tail", "352", "--json", "--retry-for", "0", "--url", server.url)
    assert (ran.status, ran.out) == (7, "")
    assert f"Error: the response from 127.0.0.1:{server.port} is broken: {why}" in ran.err


@pytest.mark.parametrize(
    ("item", "line"),
    [
        (b'{"id":1,"m":"a\xff"}', '{"id":1,"m":"a\ufffd"}'),
        (rb'{"id":1,"m":"\ud800\\"}', r'{"id":1,"m":"\ufffd\\"}'),
        (b'{"id":1,"n":1e400,"m":1.50}', '{"id":1,"n":1e400,"m":1.50}'),
        (b'{"id":1,"n":%b}' % (b"9" * 5000), '{"id":1,"n":%s}' % ("9" * 5000)),
        (b'{"id":%b}' % (b"9" * 5000), '{"id":%s}' % ("9" * 5000)),
        (b'{"id":1,"a":{"b":2}, "a":[ ]}', '{"id":1,"a":{"b":2},"a":[]}'),
        (b'{"type":[],"id":{},"timestamp":7,"details":"x"}', '{"type":[],"id":{},"timestamp":7,"details":"x"}'),
        (b"null", "null"),
        (b"[ [ ] ]", "[[]]"),
        (b'{"id":1,"x":%b}' % DEEP, f'{{"id":1,"x":{DEEP.decode()}}}'),
    ],
)
def test_an_odd_event_is_printed(home: Home, serve: Serve, item: bytes, line: str) -> None:
    """As JSON and as text, behind a byte-order mark, too."""
    for mark in (b"", b"\xef\xbb\xbf"):
        url = serve(faults={0: misbehaving.other_body(b'%b{"items":[%b]}' % (mark, item))}).url
        ran = home.run("list", "352", "--json", "--url", url)
        assert (ran.status, ran.out, ran.err) == (0, f"{line}\n", "")
        ran = home.run("list", "352", "--url", url)
        assert (ran.status, ran.out.count("\n")) == (0, 1)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"name":', b"7", b'{"a":NaN}', b"[" * 9000, b"\xff" * 9, b'{"items":[[1],2]}']
)
@pytest.mark.parametrize("command", ["show 352", "jobs", "why 352", "show plan/12 --json"])
def test_a_document_of_another_shape(home: Home, serve: Serve, command: str, body: bytes) -> None:
    """A value that can be used, or an error that says what came."""
    ran = home.run(*command.split(), "--url", serve(faults={0: misbehaving.other_body(body)}).url)
    assert ran.status in (0, 7)
    assert ran.status == 0 or "is broken: " in ran.err


def _packed(body: bytes, encoding: str) -> Fault:
    return misbehaving.status(200, body, Content_Encoding=encoding)


PAGE = b'{"items":[%b]}' % EVENT


@pytest.mark.parametrize(
    ("body", "encoding", "why"),
    [
        (gzip.compress(gzip.compress(PAGE, mtime=0), mtime=0), "gzip, gzip", "it is packed more than once"),
        (gzip.compress(gzip.compress(PAGE, mtime=0), mtime=0), "gzip", "it is not JSON"),
        (b"no gzip", "gzip", "it cannot be unpacked"),
        (gzip.compress(PAGE, mtime=0)[:-20], "gzip", "it is cut off"),
        (PAGE, "x-of-the-future", None),
    ],
)
def test_encodings(home: Home, serve: Serve, body: bytes, encoding: str, why: str | None) -> None:
    """One encoding is undone; more of them could expand without limit. One that is not known is taken for none."""
    ran = home.run(
        "tail",
        "352",
        "--json",
        "--retry-for",
        "0",
        "--timeout",
        "1",
        "--url",
        serve(faults={0: _packed(body, encoding)}).url,
    )
    assert ran.status == (124 if why is None else 7)
    assert (why or "") in ran.err


@pytest.mark.parametrize("location", ["https://[", "http://a..b:99999999/", "\x01", "//", "x" * 5000, ""])
def test_a_redirect_to_nowhere_is_final(home: Home, serve: Serve, location: str) -> None:
    """It is not followed, so it does not matter that its address is none."""
    server = serve(faults={0: misbehaving.status(302, b"<html>", Location=location)})
    ran = home.run("list", "352", "--url", server.url)
    assert (ran.status, len(server.seen)) == (7, 1)
    assert "a redirect to" in ran.err


def test_a_job_whose_events_cannot_be_read_never_ends_with_0(home: Home, serve: Serve) -> None:
    """Its own state says that it has succeeded, and its events come cut."""
    finished = json.dumps({"name": "12", "state": "success", "status": {}}).encode()
    server = serve(faults={0: answering({"/plan_jobs/12": finished, "/plan_jobs/12/events": PAGE[:-3]})})
    ran = home.run("tail", "plan/12", "--retry-for", "1", "--url", server.url)
    assert ran.status == 7


# Memory.

_PEAK = """
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(status, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.fixture(name="peak")
def _peak(home: Home) -> Callable[..., tuple[int, int, str]]:
    """Runs the program; gives its exit status, its largest size in MB, and its errors."""

    def peak(*arguments: str) -> tuple[int, int, str]:
        program = [sys.executable, "-c", _PEAK, "jobevents", *arguments]
        done = subprocess.run(program, env=home.environment, capture_output=True, timeout=100, check=True)
        status, kilobytes = done.stdout.split()[-2:]
        return int(status), int(kilobytes) // 1024, done.stderr.decode()

    return peak


@pytest.mark.parametrize(
    ("command", "megabytes"),
    [("list 352", LARGEST), ("jobs", LARGEST), ("show 352", 64)],
)
def test_a_gzip_bomb_is_refused(
    serve: Serve, peak: Callable[..., tuple[int, int, str]], command: str, megabytes: int
) -> None:
    """The limits hold for what is unpacked; what is too large once is not requested again: 7."""
    server = serve(faults={0: misbehaving.endless_body(b'{"items": [{"id": "1", "m": "', b"x", packed=True)})
    status, size, errors = peak(*command.split(), "--url", server.url)
    assert (status, len(server.seen)) == (7, 1)
    assert f"is larger than {megabytes} MB" in errors
    assert size < megabytes + 150


@pytest.mark.slow
@pytest.mark.parametrize("start", [b'{"items": [{"id": "1", "m": "', b'{"other": "', b"<html>"])
def test_an_endless_body_is_refused(serve: Serve, peak: Callable[..., tuple[int, int, str]], start: bytes) -> None:
    """However it begins."""
    server = serve(faults={0: misbehaving.endless_body(start, b"x")})
    status, size, errors = peak("list", "352", "--url", server.url)
    assert status == 7
    assert f"is larger than {LARGEST} MB" in errors
    assert size < LARGEST + 150


@pytest.mark.slow
@pytest.mark.parametrize("item", [b"{},", b"1,", b"[],", b'"",'])
def test_a_response_of_tiny_values_takes_bounded_memory(
    serve: Serve, peak: Callable[..., tuple[int, int, str]], item: bytes
) -> None:
    """They would take many times the memory of their text."""
    body = b'{"items":[%b0]}' % (item * (100 * 1024 * 1024 // len(item)))
    status, size, errors = peak(
        "list", "352", "--json", "--url", serve(faults={0: _packed(gzip.compress(body, 1), "gzip")}).url
    )
    assert status == 7
    assert "has too many values" in errors
    assert size < 450
