"""The token is in no output, even if a server sends it back among its data."""

from collections.abc import Callable

import pytest
from support.misbehaving import TestServer, job
from support.plans import answering
from support.program import TOKEN, Home, wait_until

from jobevents_cli.config.redaction import hide, redact, redact_text

Serve = Callable[..., TestServer]


def _server(serve: Serve) -> TestServer:
    echoing = job("n1:running", "n1:failed", "job:finished", final_state="failed")
    for _, event in echoing.timeline:
        event["message"] = f"the token is {TOKEN}"
        event["details"]["detail"] = {"_error": {"msg": TOKEN}}
    return serve(echoing)


@pytest.mark.parametrize(
    "arguments",
    ["list 352", "list 352 --json", "tail 352", "tail 352 352 --json", "show 352", "show 352 --json", "why 352"],
)
def test_the_token_is_blanked_in_what_a_server_sends(home: Home, serve: Serve, arguments: str) -> None:
    """Every command prints a blank in its place, and all else as it came."""
    ran = home.run(*arguments.split(), "--url", _server(serve).url)
    assert TOKEN not in ran.out + ran.err
    assert "(the token)" in ran.out


def test_forward_hands_the_token_to_nobody(home: Home, serve: Serve) -> None:
    """The receiver gets a blank in its place."""
    got = home.folder / "got"
    live = home.start("forward", "--since", "352", "--url", _server(serve).url, "--", "sh", "-c", f"cat > '{got}'")
    wait_until(lambda: got.exists() and got.stat().st_size)
    live.process.terminate()
    live.finish()
    assert TOKEN not in got.read_text()


def test_no_file_contains_the_token(home: Home, serve: Serve) -> None:
    """Neither the jobs that are remembered, of whose words only a part is kept, nor a cursor."""
    document = {"name": "352", "state": "running", "environment": {"name": TOKEN}, "owner": {"login": "x" * 50 + TOKEN}}
    echoing = answering({"/jobs/352": {**document, "state": "finished"}, "/jobs": {"items": [document]}})
    url = serve(job("n1:running", "n1:finished", "job:finished"), faults={0: echoing}).url
    for arguments in ("tail 352 --resume", "show 352", "jobs"):
        assert home.run(*arguments.split(), "--url", url).status == 0
    assert "seen lately: 352" in home.run("tail", "--url", url).err
    written = [path for path in home.folder.rglob("*") if path.is_file() and path.name != "token"]
    assert {path.name for path in written} >= {"state.db"}
    assert [path for path in written if TOKEN[:10] in path.read_text(encoding="latin-1")] == []


def test_jobs_cuts_no_token(home: Home, serve: Serve) -> None:
    """A text that is shortened to fit a column has lost its token before."""
    document = {"name": "352", "state": "running", "environment": {"name": "x" * 8 + TOKEN}, "owner": {"login": TOKEN}}
    url = serve(faults={0: answering({"/jobs": {"items": [document]}})}).url
    for width in range(60, 120, 7):
        assert TOKEN[:5] not in home.with_(COLUMNS=str(width)).run("jobs", "--url", url).out


def test_a_short_token_is_not_looked_for() -> None:
    """It occurs by chance, and a text full of blanks helps nobody."""
    hide("abcdefg")
    hide("abcdefgh")
    assert redact_text("abcdefg abcdefgh") == "abcdefg (the token)"
    assert redact(b"abcdefg abcdefgh") == b"abcdefg (the token)"
