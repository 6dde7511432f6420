"""`list --from`: saved events are printed as those of a server."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.misbehaving import TestServer, job
from support.program import Home

Serve = Callable[..., TestServer]
GOOD = ("n1:running", "n1:finished", "job:finished")
BAD = ("n1:running", "n1:failed", "job:finished")


@pytest.fixture(name="saved")
def _saved(home: Home, serve: Serve) -> Path:
    """What `tail 7 8 --json` printed, the events of job 7 first."""
    url = serve(job(*GOOD, job_id=7), job(*BAD, job_id=8, first=10, final_state="failed")).url
    path = home.folder / "saved.jsonl"
    lines = home.run("tail", "7", "8", "--json", "--url", url).out.splitlines(keepends=True)
    path.write_text("".join(sorted(lines, key=lambda line: '"job":"8"' in line)))
    return path


def test_saved_json_comes_back_as_it_is(home: Home, saved: Path) -> None:
    """From a file and from standard input, tags and all; of one job without tags. No server is asked."""
    text = saved.read_text()
    assert home.run("list", "--from", str(saved), "--json").out == text
    assert home.run("list", "--from", "-", "--json", input=text.encode()).out == text
    one = home.run("list", "8", "--from", str(saved), "--json")
    assert one.out == "".join(
        line.replace('"job":"8",', "") + "\n" for line in text.splitlines() if '"job":"8"' in line
    )


def test_each_line_keeps_its_tag_or_has_none(home: Home) -> None:
    """In whatever order they come; events without a tag are of one job, which has no number, and is not job 0."""
    lines = [
        '{"type":"node_running","details":{"node":"n1"},"id":"1"}',
        '{"job":"0","type":"node_running","details":{"node":"n2"},"id":"1"}',
        '{"plan":"3","type":"plan_start","details":{"plan":"a::b"},"id":"1"}',
        '{"type":"job_finished","message":"done","id":"2"}',
    ]
    shown = ["▶ running  n1", "▶ running  0  n2", "◆ plan  plan/3      a::b", "■ ended  job"]
    for order in (lines, lines[::-1]):
        text = "".join(f"{line}\n" for line in order)
        assert home.run("list", "--from", "-", "--json", input=text.encode()).out == text
        ran = home.run("list", "--from", "-", "--time", "none", input=text.encode()).out.splitlines()
        assert ran == (shown if order is lines else shown[::-1])


def test_filters_and_positions_apply(home: Home, saved: Path) -> None:
    """As for the events of a server."""
    for options, ids in (
        (["-n", "2"], ["11", "12"]),
        (["--failures"], ["11"]),
        (["--start", "3"], ["3", "10", "11", "12"]),
        (["--grep", "running", "-n", "1"], ["10"]),
    ):
        ran = home.run("list", "--from", str(saved), "--json", *options)
        assert [line.partition('"id":"')[2].partition('"')[0] for line in ran.out.splitlines()] == ids


def test_text_knows_how_long_nodes_took(home: Home, saved: Path) -> None:
    """Each line names its job; events without a tag belong to one job without a number."""
    ran = home.run("list", "--from", str(saved), "--time", "none")
    assert "✘ failed  8  n1  1s  n1 is failed" in ran.out
    bare = "\n".join(line.replace('"job":"8",', "") for line in saved.read_text().splitlines() if '"job":"8"' in line)
    ran = home.run("list", "--from", "-", "--time", "none", input=bare.encode())
    assert ran.out.splitlines()[-1] == "■ ended  job"


def test_what_cannot_be_listed_is_said(home: Home, saved: Path) -> None:
    """A job that is not in the file, a file that is not there, options that contradict."""
    assert home.run("list", "9", "--from", str(saved)).status == 6
    assert home.run("list", "--from", "/nowhere").status == 2
    assert "--from and latest contradict" in home.run("list", "latest", "--from", str(saved)).err
