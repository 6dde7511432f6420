"""Text output, compared whole."""

from collections.abc import Callable

import pytest
from support.misbehaving import TestServer, job
from support.program import Home
from support.samples import EVENTS, recorded_job

Serve = Callable[..., TestServer]
Golden = Callable[[str, str], None]


@pytest.fixture(name="url")
def _url(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> str:
    """An orchestrator with the samples as job 352."""
    server = serve(recorded_job())
    # The samples are no well-formed events: they go out as they are.
    orchestrator = server.orchestrator
    monkeypatch.setattr(orchestrator, "_events", lambda _job, _start: {"next-events": {}, "items": EVENTS})
    return server.url


def test_every_sample_has_its_line(home: Home, url: str, golden: Golden) -> None:
    """Off a terminal: one plain line an event, in UTC, with nothing lost and nothing a terminal would obey."""
    ran = home.run("list", "352", "--url", url)
    assert ran.status == 0
    assert len(ran.out.splitlines()) == len(EVENTS)
    golden("samples.txt", ran.out)


def test_the_colours_tell_the_outcome(home: Home, url: str, golden: Golden) -> None:
    """`--color always` colours the status by outcome, in a pipe as well, and moves no cursor there."""
    ran = home.run("list", "352", "--url", url, "--color", "always")
    golden("samples-colored.txt", ran.out.replace("\x1b", "␛"))


def test_the_option_goes_before_the_environment(home: Home, url: str) -> None:
    """--color, then NO_COLOR, then FORCE_COLOR, then the stream."""
    forced = home.with_(FORCE_COLOR="1")
    assert "\x1b[" in forced.run("list", "352", "--url", url).out
    assert "\x1b[" not in forced.run("list", "352", "--url", url, "--color", "never").out
    assert "\x1b[" not in forced.with_(NO_COLOR="1").run("list", "352", "--url", url).out
    assert "\x1b[" in home.with_(NO_COLOR="1").run("list", "352", "--url", url, "--color", "always").out
    assert "\x1b[" not in home.with_(FORCE_COLOR="0").run("list", "352", "--url", url).out


def test_ascii_symbols_where_the_encoding_has_no_others(home: Home, url: str, golden: Golden) -> None:
    """An output that is ASCII gets ASCII symbols, and escapes for the rest."""
    ran = home.with_(PYTHONIOENCODING="ascii").run("list", "352", "--url", url)
    assert ran.status == 0
    assert ran.out.isascii()
    golden("samples-ascii.txt", ran.out)


@pytest.mark.parametrize("choice", ["local", "utc", "none"])
def test_times(home: Home, serve: Serve, golden: Golden, choice: str) -> None:
    """`--time` shows local time with its offset, UTC, or none."""
    url = serve(job("n1:running", "n1:finished", "job:finished")).url
    ran = home.with_(TZ="America/New_York").run("list", "352", "--url", url, "--time", choice)
    golden(f"time-{choice}.txt", ran.out)
