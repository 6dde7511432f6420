"""The token is in no output, even if a server sends it back among its data."""

import base64
from collections.abc import Callable

import pytest
from support.misbehaving import TestServer, job
from support.plans import answering
from support.program import TOKEN, Home, wait_until

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


def test_other_forms_of_the_token_are_blanked_too(home: Home, serve: Serve) -> None:
    """In other case, percent-encoded, as hexadecimal digits, and in base64 wherever in the encoded text it begins."""
    forms = [TOKEN.upper(), "".join(f"%{byte:02x}" for byte in TOKEN.encode()), TOKEN.encode().hex()]
    forms += [base64.b64encode(f"{'x' * count}{TOKEN}".encode()).decode() for count in range(4)]
    echoing = job("n1:running", *["n1:failed"] * len(forms), final_state="failed")
    for (_, event), form in zip(echoing.timeline[1:], forms, strict=True):
        event["message"] = f"<{form}>"
        event["details"]["detail"] = {"_error": {"msg": f"<{form}>"}}
    url = serve(echoing).url
    for arguments in ("list 352 --json", "list 352", "show 352 --json", "why 352"):
        ran = home.run(*arguments.split(), "--url", url)
        assert "(the token)" in ran.out
        assert not [form for form in forms if form.rstrip("=")[4:-4] in ran.out]


def test_forward_hands_the_token_to_nobody(home: Home, serve: Serve) -> None:
    """The receiver gets a blank in its place."""
    got = home.folder / "got"
    live = home.start("forward", "--since", "352", "--url", _server(serve).url, "--", "sh", "-c", f"cat > '{got}'")
    wait_until(lambda: got.exists() and got.stat().st_size)
    live.process.terminate()
    live.finish()
    assert TOKEN not in got.read_text()


@pytest.mark.parametrize("form", [TOKEN, TOKEN.upper(), base64.b64encode(TOKEN.encode()).decode()])
def test_no_file_contains_the_token(home: Home, serve: Serve, form: str) -> None:
    """Neither the jobs that are remembered, of whose words only a part is kept, nor a picture nor a cursor."""
    document = {"name": "352", "state": "running", "environment": {"name": form}, "owner": {"login": "x" * 50 + form}}
    echoing = answering({"/jobs/352": {**document, "state": "finished"}, "/jobs": {"items": [document]}})
    url = serve(job("n1:running", "n1:finished", "job:finished"), faults={0: echoing}).url
    picture = home.folder / "job.svg"
    for arguments in ("tail 352 --resume", "show 352", f"show 352 --svg {picture}", "jobs"):
        assert home.run(*arguments.split(), "--url", url).status == 0
    assert "seen lately: 352" in home.run("tail", "--url", url).err
    written = [path for path in home.folder.rglob("*") if path.is_file() and path.name != "token"]
    assert {path.name for path in written} >= {"jobs.json", "job.svg"}
    assert [path for path in written if form[:10].lower() in path.read_text(encoding="utf-8").lower()] == []
