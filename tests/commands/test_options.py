"""What each option prints, and that none of them changes how a tail ends."""

import gzip
import json
import shutil
import subprocess
from collections.abc import Callable

import pytest
from support.misbehaving import TestServer, big_job, job
from support.program import TOKEN, Home
from support.samples import EVENTS, recorded_job

Serve = Callable[..., TestServer]

KINDS = (
    "web1:running",
    "db1:running",
    "web1:finished",
    "db1:failed",
    "app1:skipped",
    "app2:errored",
    "job:finished",
)
needs_jq = pytest.mark.skipif(not (shutil.which("jq") and shutil.which("curl")), reason="needs jq and curl")


@pytest.fixture(name="url")
def _url(serve: Serve) -> str:
    """An orchestrator with a job of every kind of event, ids 11 to 17."""
    return serve(job(*KINDS, final_state="failed", first=11)).url


def _printed(home: Home, url: str, *options: str) -> dict[str, list[int]]:
    """The ids that `list` and `tail` print with *options*."""
    ids = {}
    for command, status in (("list", 0), ("tail", 3)):
        ran = home.run(command, "352", "--json", "--url", url, *options)
        assert ran.status == status, ran.err
        ids[command] = [int(json.loads(line)["id"]) for line in ran.out.splitlines()]
    return ids


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        ([], [11, 12, 13, 14, 15, 16, 17]),
        (["--start", "14"], [14, 15, 16, 17]),
        (["--start", "0"], [11, 12, 13, 14, 15, 16, 17]),
        (["--start", "1000"], []),
        (["-n", "2"], [16, 17]),
        (["--lines", "0"], []),
        (["--type", "failed"], [14]),
        (["--type", "node_failed", "--type", "errored"], [14, 16]),
        (["--node", "web*"], [11, 13]),
        (["--node", "web1", "--node", "app?"], [11, 13, 15, 16]),
        (["--failures"], [14, 15, 16]),
        (["--grep", "is (running|failed)$"], [11, 12, 14]),
        (["--grep", "web1", "--grep", "app2"], [11, 13, 16]),
        (["--exclude", "running", "--exclude", "app"], [13, 14, 17]),
        (["--failures", "--node", "app*", "-n", "1"], [16]),
    ],
)
def test_what_is_printed(home: Home, url: str, options: list[str], ids: list[int]) -> None:
    """Positions and filters choose what is printed, and neither end nor exit status."""
    printed = _printed(home, url, *options)
    assert printed == {"list": ids, "tail": ids}


def test_start_means_the_same_where_the_server_leaves_the_event_itself_out(
    home: Home, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a server that reads `start` as exclusive, `--start 14` prints event 14 as well."""
    server = serve(job(*KINDS, final_state="failed", first=11))
    inclusive = server.orchestrator._events  # noqa: SLF001 - the server is made to answer otherwise
    monkeypatch.setattr(
        server.orchestrator, "_events", lambda a_job, start: inclusive(a_job, start + 1 if start else 0)
    )
    assert _printed(home, server.url, "--start", "14")["tail"] == [14, 15, 16, 17]


def test_quiet_prints_nothing(home: Home, url: str) -> None:
    """`-q` leaves the exit status alone."""
    ran = home.run("tail", "352", "-q", "--url", url)
    assert (ran.status, ran.out, ran.err) == (3, "", "")


def test_fail_fast_stops_at_the_first_failure(home: Home, serve: Serve) -> None:
    """`--fail-fast` prints up to the failure, ends in 3 and tells how to go on."""
    url = serve(job("n1:running", "n2:running", "n1:failed", "n2:finished")).url
    ran = home.run("tail", "352", "--fail-fast", "--json", "--url", url)
    assert ran.status == 3
    assert [json.loads(line)["id"] for line in ran.out.splitlines()] == ["1", "2", "3"]
    assert "n1 failed" in ran.err
    assert "jobevents tail 352 --start 4" in ran.err


def test_fail_fast_sees_what_is_not_printed(home: Home, serve: Serve) -> None:
    """A filter does not hide a failure from `--fail-fast`."""
    url = serve(job("n1:running", "n1:errored")).url
    ran = home.run("tail", "352", "--fail-fast", "--type", "finished", "--url", url)
    assert (ran.status, ran.out) == (3, "")


@needs_jq
def test_json_equals_curl_and_jq(home: Home, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """`list --json` is, byte for byte, `curl | jq -c .items[]`, for numbers and escapes that jq does not spell anew."""
    server = serve(recorded_job())
    odd = [{"id": 24, "n": [2.68, 123456789012, -0.5], "é": "a/b\x80 \u2028 \U0001f600"}]
    body = {"next-events": {}, "items": [*EVENTS, *odd]}
    monkeypatch.setattr(server.orchestrator, "_events", lambda _job, _start: body)
    listed = home.run("list", "352", "--json", "--url", server.url)
    piped = subprocess.run(
        f"curl -s -H 'X-Authentication: {TOKEN}' {server.url}/orchestrator/v1/jobs/352/events | jq -c '.items[]'",
        shell=True,
        capture_output=True,
        check=True,
    )
    assert listed.out == piped.stdout.decode()


def test_an_undocumented_type_is_asked_for_with_a_warning(home: Home, url: str) -> None:
    """A server may send types that no manual names: they can be chosen, and a slip is noticed."""
    ran = home.run("list", "352", "--type", "node_faild", "--url", url)
    assert (ran.status, ran.out) == (0, "")
    assert ran.err.startswith("Warning: 'node_faild' is not a documented event type")


def test_requests_are_as_the_api_wants_them(home: Home, serve: Serve) -> None:
    """Plain Accept, the token in its header, our name, gzip; a finished job takes two requests."""
    server = serve(big_job(50))
    ran = home.run("tail", "352", "--json", "--url", server.url)
    assert ran.status == 0
    for _, headers in server.seen:
        assert headers["Accept"] == "application/json"
        assert headers["X-Authentication"] == TOKEN
        assert headers["User-Agent"].startswith("jobevents/")
        assert headers["Accept-Encoding"] == "gzip"
    assert server.paths == [
        "/orchestrator/v1/jobs/352/events",
        "/orchestrator/v1/jobs/352",
    ]
    assert gzip.decompress(server.orchestrator.answer(server.paths[0], server.seen[0][1]).body)
