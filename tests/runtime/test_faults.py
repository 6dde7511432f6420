"""Every fault of the README's table, at the first request and in the middle, against a server that misbehaves so."""

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from support import misbehaving
from support.marks import slow_but
from support.misbehaving import Fault, TestServer, big_job, job, publish
from support.program import TOKEN, Home, wait_until

from jobevents_cli.demo.server import Answer

Serve = Callable[..., TestServer]
KINDS = ("n1:running", "n2:running", "n1:finished", "n2:finished", "job:finished")

TRANSIENT: dict[str, Fault] = {
    "reset": misbehaving.reset,
    "408": misbehaving.status(408),
    "429": misbehaving.status(429),
    "500": misbehaving.error(500, "puppetlabs.orchestrator/unknown-error", "Connection closed unexpectedly"),
    "502 with HTML": misbehaving.status(502, b"<html><title>x</title><h1>Bad Gateway</h1></html>"),
    "503 with Retry-After": misbehaving.status(503, b"starting", Retry_After="1"),
    "503 with a date": misbehaving.status(503, b"", Retry_After="Mon, 23 Nov 2026 10:00:01 GMT"),
    "200 with HTML": misbehaving.other_body(b"<html>maintenance</html>", kind="text/html"),
    "an empty body": misbehaving.other_body(b""),
    "JSON cut off": misbehaving.cut(100),
    "JSON that ends early": misbehaving.short_body,
    "JSON of another shape": misbehaving.other_body(b'{"error": "none"}'),
    "a JSON list": misbehaving.other_body(b"[]"),
    "no gzip though it says so": misbehaving.status(200, b"{}", Content_Encoding="gzip"),
}


@pytest.fixture(name="gap")
def _gap() -> Iterator[threading.Event]:
    """Set at the end of the test, so that servers that dawdle let go."""
    event = threading.Event()
    yield event
    event.set()


def _ids(out: str) -> list[str]:
    return [json.loads(line)["id"] for line in out.splitlines()]


@pytest.mark.parametrize("name", TRANSIENT)
def test_a_fault_at_the_first_request_is_retried(home: Home, serve: Serve, name: str) -> None:
    """One bad answer before the first good one: said once, then all is printed and the end is right."""
    server = serve(job(*KINDS), faults={1: TRANSIENT[name]})
    ran = home.run("tail", "352", "--json", "--url", server.url)
    assert (ran.status, _ids(ran.out)) == (0, ["1", "2", "3", "4", "5"])
    lost, back = ran.err.splitlines()
    assert lost.startswith("jobevents: no answer yet: ")
    assert lost.endswith("; trying again for up to 5s")
    assert back.startswith("jobevents: contact is back after ")


@pytest.mark.parametrize("name", slow_but(("reset", "429", "502 with HTML", "JSON cut off"), TRANSIENT))
def test_a_fault_in_the_middle_is_retried(home: Home, serve: Serve, name: str) -> None:
    """Bad answers after the first good one: contact is lost once and back once, nothing is lost or repeated."""
    running = job(*KINDS[:3])
    server = serve(running, faults=dict.fromkeys((3, 4), TRANSIENT[name]))
    live = home.start("tail", "352", "--json", "--interval", "0.1", "--url", server.url)
    for _ in range(3):
        live.line()
    wait_until(lambda: len(server.seen) >= 5)
    misbehaving.publish(running, KINDS[3], 4)
    misbehaving.publish(running, KINDS[4], 5)
    ran = live.finish()
    assert (ran.status, _ids(ran.out)) == (0, ["1", "2", "3", "4", "5"])
    said = ran.err.splitlines()
    if name == "reset":
        assert len(said) in (0, 2)  # a kept connection may be closed at any time: the fresh one tells
    else:
        assert len(said) == 2
        assert said[0].startswith("jobevents: contact lost: ")
        assert said[1].startswith("jobevents: contact is back after ")


@pytest.mark.parametrize("name", slow_but(("reset", "503 with Retry-After", "a JSON list"), TRANSIENT))
def test_a_fault_that_stays_ends_in_7(home: Home, serve: Serve, name: str) -> None:
    """Past `--retry-for`, the error says what the last answer was, and how to go on."""
    running = job(*KINDS[:3])
    server = serve(running)
    live = home.start("tail", "352", "--json", "--interval", "0.1", "--retry-for", "1", "--url", server.url)
    for _ in range(3):
        live.line()
    server.faults[0] = TRANSIENT[name]
    ran = live.finish()
    assert ran.status == 7
    assert _ids(ran.out) == ["1", "2", "3"]
    assert f"127.0.0.1:{server.port}" in ran.err
    assert "jobevents tail 352 --start 4" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("options", [("--json",), ("--json", "--type", "finished"), ("-n", "700", "--json")])
def test_a_long_list_that_breaks_off_has_each_event_once(home: Home, serve: Serve, options: tuple[str, ...]) -> None:
    """Long enough that its events are only checked, not parsed, and printed as they came."""
    scripted = big_job(400)
    server = serve(scripted, faults={1: misbehaving.cut(90_000), 2: misbehaving.cut(50_000)})
    ran = home.run("list", "352", *options, "--url", server.url)
    events = [event for _, event in scripted.timeline]
    if "--type" in options:
        events = [event for event in events if event["type"] == "node_finished"]
    expected = events[-700:] if "-n" in options else events
    assert (ran.status, [json.loads(line) for line in ran.out.splitlines()]) == (0, expected)


def test_no_retry_for_0(home: Home, serve: Serve) -> None:
    """`--retry-for 0` gives up at the first fault."""
    server = serve(job(*KINDS), faults={1: TRANSIENT["500"]})
    ran = home.run("tail", "352", "--json", "--retry-for", "0", "--url", server.url)
    assert ran.status == 7
    assert "Connection closed unexpectedly" in ran.err
    assert len(server.seen) == 1


@pytest.mark.parametrize("code", [403, 404])
def test_403_and_404_are_final_in_the_middle_too(home: Home, serve: Serve, code: int) -> None:
    """A job that is gone, or no permission any more, ends the tail at once, which says how to continue."""
    server = serve(job(*KINDS[:3]))
    live = home.start("tail", "352", "--interval", "0.1", "--url", server.url)
    for _ in range(3):
        live.line()
    server.faults[0] = misbehaving.error(code, "puppetlabs.orchestrator/unknown-job", "gone")
    ran = live.finish()
    assert ran.status == {403: 4, 404: 6}[code]
    assert "gone" in ran.err
    resume = f"jobevents tail 352 --start 4 --url {server.url}"
    assert ran.err.endswith(f"Job 352 was running when last checked. Resume with: {resume}\n")


def test_one_of_several_jobs_is_gone(home: Home, serve: Serve) -> None:
    """Its error says how to continue with it; the others are followed to their end."""
    gone, other = job(*KINDS[:3], job_id=1), job("n1:running", job_id=2, first=20)
    server = serve(gone, other)
    refuse = misbehaving.error(404, "puppetlabs.orchestrator/unknown-job", "gone")

    def refuse_the_first(handler: misbehaving.RecordingHandler, answer: Answer) -> None:
        if "/jobs/1/" in handler.path:
            refuse(handler, answer)
        else:
            handler.send(answer)

    live = home.start("tail", "1", "2", "--interval", "0.1", "--json", "--url", server.url)
    for _ in range(4):
        live.line()
    server.faults[0] = refuse_the_first
    publish(other, "n1:finished", 21)
    publish(other, "job:finished", 22)
    ran = live.finish()
    assert ran.status == 6
    assert (
        f"Job 1 was running when last checked. Resume with: jobevents tail 1 --start 4 --json --url {server.url}"
        in (ran.err)
    )


@pytest.mark.slow
def test_a_server_that_says_nothing(home: Home, serve: Serve, gap: threading.Event) -> None:
    """A first request that is never answered is given up after 10 s."""
    ran = home.run("tail", "352", "--url", serve(job(*KINDS), faults={0: misbehaving.hang(gap)}).url)
    assert ran.status == 7
    assert "did not respond in time" in ran.err


@pytest.mark.slow
def test_a_server_that_sends_a_byte_now_and_then(home: Home, serve: Serve, gap: threading.Event) -> None:
    """An answer that comes byte by byte, too slowly ever to end, is a time-out too."""
    ran = home.run("tail", "352", "--url", serve(job(*KINDS), faults={0: misbehaving.drip(gap, 1)}).url)
    assert ran.status == 7
    assert "responds too slowly" in ran.err


@pytest.mark.slow
def test_a_server_that_falls_silent(home: Home, serve: Serve, gap: threading.Event) -> None:
    """In the middle, an answer is waited for longer, 30 s, before it is an outage; then patience ends it."""
    server = serve(job(*KINDS[:3]))
    live = home.start("tail", "352", "--interval", "0.1", "--retry-for", "2", "--url", server.url)
    for _ in range(3):
        live.line()
    server.faults[0] = misbehaving.hang(gap)
    ran = live.finish()
    assert ran.status == 7
    assert "did not respond in time" in ran.err
    assert "jobevents tail 352 --start 4" in ran.err


def test_a_host_that_does_not_exist(home: Home) -> None:
    """A name that cannot be resolved says which."""
    ran = home.run("tail", "352", "--url", "no-such-host.invalid")
    assert ran.status == 7
    assert "could not connect to no-such-host.invalid:8143: " in ran.err


def test_a_server_that_restarts(home: Home, serve: Serve) -> None:
    """A server that goes away and comes back on the same port is an outage like any other."""
    running = job(*KINDS[:3])
    server = serve(running)
    live = home.start("tail", "352", "--json", "--interval", "0.1", "--url", server.url)
    for _ in range(3):
        live.line()
    server.faults[0] = misbehaving.reset
    server.__exit__(None, None, None)
    misbehaving.publish(running, KINDS[3], 4)
    misbehaving.publish(running, KINDS[4], 5)
    serve(running, port=server.port)
    ran = live.finish()
    assert (ran.status, _ids(ran.out)) == (0, ["1", "2", "3", "4", "5"])


def test_the_same_page_for_ever(home: Home, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that ignores `start` is asked no oftener than the interval, and nothing is printed again."""
    server = serve(job(*KINDS[:4]))
    whole = server.orchestrator._events  # noqa: SLF001 - the server is made to answer otherwise
    monkeypatch.setattr(server.orchestrator, "_events", lambda a_job, _start: whole(a_job, 0))
    ran = home.run("tail", "352", "--json", "--interval", "0.5", "--timeout", "3", "--url", server.url)
    assert (ran.status, _ids(ran.out)) == (124, ["1", "2", "3", "4"])
    assert len([path for path in server.paths if "events" in path]) <= 8


def test_an_idle_connection_that_the_server_closed_is_no_outage(home: Home, serve: Serve) -> None:
    """The server closes kept connections when it likes: the next request takes a fresh one without a word."""
    running = job(*KINDS[:3])

    def close_after(handler: misbehaving.RecordingHandler, answer: Answer) -> None:
        handler.send(answer)
        handler.close_connection = True

    server = serve(running, faults={0: close_after})
    live = home.start("tail", "352", "--json", "--interval", "0.1", "--url", server.url)
    live.line()
    wait_until(lambda: len(server.seen) > 6)
    misbehaving.publish(running, KINDS[3], 4)
    misbehaving.publish(running, KINDS[4], 5)
    ran = live.finish()
    assert (ran.status, ran.err) == (0, "")


def test_one_outage_of_many_jobs_is_told_once(home: Home, serve: Serve) -> None:
    """However many jobs are followed: one notice when contact is lost, one when it is back for all."""
    running = [job(*KINDS[:3], job_id=number) for number in (1, 2, 3, 4)]
    server = serve(*running)
    live = home.start("tail", "1", "2", "3", "4", "--json", "--interval", "0.1", "--url", server.url)
    for _ in range(3 * len(running)):
        live.line()
    asked = Counter[str]()

    def refuse(handler: misbehaving.RecordingHandler, _answer: Answer) -> None:
        asked[handler.path.split("/jobs/")[1].split("/")[0]] += 1
        handler.send(Answer(503, b""))

    server.faults[0] = refuse
    wait_until(lambda: len(asked) == len(running) and min(asked.values()) > 1)
    del server.faults[0]
    for one in running:
        misbehaving.publish(one, KINDS[3], 4)
        misbehaving.publish(one, KINDS[4], 5)
    ran = live.finish()
    assert (ran.status, len(ran.out.splitlines())) == (0, 5 * len(running))
    lost, back = ran.err.splitlines()
    assert re.fullmatch(r"jobevents: contact lost: 127.0.0.1:\d+ says 503; trying again for up to 5m 00s", lost)
    assert re.fullmatch(r"jobevents: contact is back after \ds", back)


def test_contact_is_back_once_the_job_that_lacks_it_is_given_up(home: Home, serve: Serve) -> None:
    """The job that alone has no contact any more ends with an error: then contact is back for all there are."""
    running = [job(*KINDS[:3], job_id=number) for number in (1, 2)]
    server = serve(*running)
    live = home.start("tail", "1", "2", "--json", "--interval", "0.1", "--url", server.url)
    for _ in range(3 * len(running)):
        live.line()
    asked = Counter[str]()
    well = 0

    def refuse(handler: misbehaving.RecordingHandler, answer: Answer) -> None:
        nonlocal well
        number = handler.path.split("/jobs/")[1].split("/")[0]
        asked[number] += 1
        if number == "1" and min(asked["1"], asked["2"]) > 1:
            well += 1
            handler.send(answer)
        else:
            gone = b'{"kind": "puppetlabs.orchestrator/unknown-job"}'
            handler.send(Answer(404, gone) if well > 1 else Answer(503, b""))

    server.faults[0] = refuse
    wait_until(lambda: "2" in asked and well > 1)
    misbehaving.publish(running[0], KINDS[3], 4)
    misbehaving.publish(running[0], KINDS[4], 5)
    ran = live.finish()
    assert ran.status == 6
    lost, error, _hint, resume, back = ran.err.splitlines()
    assert resume.startswith("Job 2 was running when last checked. Resume with: ")
    assert lost.endswith("says 503; trying again for up to 5m 00s")
    assert error.startswith("Error: job 2: ")
    assert back.startswith("jobevents: contact is back after ")


def test_a_new_token_is_waited_for(home: Home, serve: Serve) -> None:
    """401 in the middle: the tail waits for another token in the file, and goes on with it."""
    running = job(*KINDS[:3])
    server = serve(running)
    live = home.start("tail", "352", "--json", "--interval", "0.1", "--url", server.url)
    for _ in range(3):
        live.line()
    server.orchestrator.token = "an0ther-t0ken"
    before = len(server.seen)
    wait_until(lambda: len(server.seen) > before + 1)
    home.write_token("an0ther-t0ken")
    misbehaving.publish(running, KINDS[3], 4)
    misbehaving.publish(running, KINDS[4], 5)
    ran = live.finish()
    assert (ran.status, _ids(ran.out)) == (0, ["1", "2", "3", "4", "5"])
    assert "contact lost: the token in" in ran.err
    assert "contact is back" in ran.err


def test_a_token_that_stays_refused_ends_in_4(home: Home, serve: Serve) -> None:
    """The wait for another token lasts as long as an outage may."""
    server = serve(job(*KINDS[:3]))
    live = home.start("tail", "352", "--interval", "0.1", "--retry-for", "1", "--url", server.url)
    for _ in range(3):
        live.line()
    server.orchestrator.token = "an0ther-t0ken"
    ran = live.finish()
    assert ran.status == 4
    assert "puppet-access login" in ran.err
    assert "jobevents tail 352 --start 4" in ran.err


def test_a_token_from_the_environment_is_tried_again(home: Home, serve: Serve) -> None:
    """401 in the middle with the token of JOBEVENTS_TOKEN is an outage too; past `--retry-for` it ends in 4."""
    running = job(*KINDS[:3])
    server = serve(running)
    named = home.with_(JOBEVENTS_TOKEN=TOKEN)
    live = named.start("tail", "352", "--interval", "0.1", "--retry-for", "2", "--url", server.url)
    for _ in range(3):
        live.line()
    server.orchestrator.token = "an0ther-t0ken"
    before = len(server.seen)
    wait_until(lambda: len(server.seen) > before + 1)
    server.orchestrator.token = TOKEN
    misbehaving.publish(running, KINDS[3], 4)
    live.line()
    server.orchestrator.token = "an0ther-t0ken"
    ran = live.finish()
    assert ran.status == 4
    assert "contact is back" in ran.err
    assert "the token in JOBEVENTS_TOKEN was not accepted" in ran.err
