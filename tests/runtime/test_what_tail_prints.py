"""What `tail` prints and when: the end, the summary, the header, the footer."""

import json
import re
import shlex
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from support import misbehaving
from support.misbehaving import TestServer, job, publish
from support.program import Home, Ran, wait_until
from support.state import kept
from support.terminal import Terminal

from jobevents_cli.demo.scripted_jobs import ScriptedJob

Serve = Callable[..., TestServer]
GOOD = ("n1:running", "n1:finished", "job:finished")
BAD = ("n1:running", "n2:running", "n1:failed", "n2:finished", "job:finished")


def _bad(job_id: int = 352) -> ScriptedJob:
    return job(*BAD, job_id=job_id, final_state="failed", first=1 if job_id > 10 else 10 * job_id)


def test_the_end_is_a_line_like_any_other(home: Home, serve: Serve) -> None:
    """It is printed where it came, and does not say how the job ended: the summary's first line does."""
    late = job("n1:running", "job:finished", "n1:failed", final_state="failed")
    url = serve(late).url
    text = home.run("tail", "352", "--time", "none", "--url", url)
    assert text.out.splitlines() == [
        "▶ running  n1",
        "■ ended  job 352",
        "✘ failed  n1  2s  n1 is failed",
    ]
    assert text.err.splitlines()[1] == "✘ failed  job 352  3s  1 failed"
    ids = [json.loads(line)["id"] for line in home.run("tail", "352", "--json", "--url", url).out.splitlines()]
    assert ids == ["1", "2", "3"]
    assert home.run("list", "352", "--time", "none", "--url", url).out == text.out


def test_the_summary_names_failed_nodes_and_the_next_command(home: Home, serve: Serve) -> None:
    """The outcome, a line for each failed node, and how to find out why, with the same connection options."""
    url = serve(_bad()).url
    ran = home.run("tail", "352", "--url", url)
    assert ran.err.splitlines() == [
        "Job 352 · deploy in production by admin · 2 nodes",
        "✘ failed  job 352  5s  1 finished, 1 failed",
        "  ✘ failed   n1  n1 is failed",
        f"Why: jobevents why 352 --url {url}",
    ]
    assert home.run("tail", "352", "--json", "--url", url).err == ""
    assert home.run("tail", "352", "-q", "--url", url).err == ""
    assert home.run("tail", "352", "--no-progress", "--url", url).err == ran.err
    good = home.run("tail", "7", "--url", serve(job(*GOOD, job_id=7)).url)
    assert good.err.splitlines()[1:] == ["✔ finished  job 7  3s  1 finished"]


def test_failures_that_were_printed_are_not_repeated(home: Home, serve: Serve) -> None:
    """`--failures` prints the failed nodes: the summary does not, unless another filter or -n hid some."""
    url = serve(_bad()).url
    ran = home.run("tail", "352", "--failures", "--time", "none", "--url", url)
    assert ran.out == "✘ failed  n1  2s  n1 is failed\n"
    assert [line.split()[0] for line in ran.err.splitlines()] == ["Job", "✘", "Why:"]
    for more in (["--node", "n2"], ["-n", "0"]):
        assert "n1 is failed" in home.run("tail", "352", "--failures", *more, "--url", url).err


def test_filters_that_hide_every_event_say_so(home: Home, serve: Serve) -> None:
    """With how many there were; `--grep` finds what is on the screen, `--node` a first label."""
    url = serve(job("web01.example.com:running", "web01.example.com:finished", "job:finished")).url
    for command in ("list", "tail"):
        for hiding in (["--node", "db"], ["--grep", "gone"], ["--failures", "--json"], ["--node", "db", "-n", "1"]):
            ran = home.run(command, "352", *hiding, "--url", url)
            assert (ran.out, ran.err.splitlines()[-1]) == ("", "jobevents: the filters hid all 3 events")
        for showing in (["--node", "web01"], ["--grep", "^running"], ["--grep", "is finished"], ["-n", "0"]):
            assert "the filters hid" not in home.run(command, "352", *showing, "--url", url).err
    assert home.run("tail", "352", "--failures", "-q", "--url", url).err == ""


def test_early_ends_say_how_far_the_job_was(home: Home, serve: Serve) -> None:
    """A summary so far comes before the hint, after Ctrl-C, `--timeout` and `--fail-fast`; never with `-q`."""
    kinds = ("n1:running", "n2:running", "n3:running", "n1:finished", "n2:failed", "n3:skipped")
    url = serve(job(*kinds)).url
    for options in (["--timeout", "1"], ["--fail-fast"]):
        lines = home.run("tail", "352", *options, "--url", url).err.splitlines()
        (place,) = (place for place, line in enumerate(lines) if line.startswith("▶ running  job 352"))
        assert lines[place].endswith("  3 of 3 done, 1 failed")
        assert "Resume with" in lines[-1]
    assert home.run("tail", "352", "--fail-fast", "-q", "--url", url) == Ran(3, "", "")


def test_several_jobs_propose_why_at_most_three_times(home: Home, serve: Serve) -> None:
    """A line for each failed job, but not for dozens."""
    numbers = [str(number) for number in range(1, 6)]
    ran = home.run("tail", *numbers, "--url", serve(*(_bad(int(number)) for number in numbers)).url)
    assert ran.err.count("Why: jobevents why ") == 3


def test_the_last_events_of_several_jobs(home: Home, serve: Serve) -> None:
    """`-n` counts for each job on its own."""
    url = serve(job("n1:running", "n2:running", job_id=3), job("n1:running", "n2:running", job_id=4, first=20)).url
    ran = home.run("tail", "3", "4", "-n", "1", "--json", "--timeout", "1", "--url", url)
    assert sorted(json.loads(line)["id"] for line in ran.out.splitlines()) == ["2", "21"]


# On a terminal.


def test_the_header_says_which_job_is_followed(home: Home, serve: Serve) -> None:
    """One request, which also sizes the columns; below the events the outcome is the first line of the summary."""
    server = serve(_bad())
    with Terminal(["jobevents", "tail", "352", "--url", server.url], environment=home.environment) as terminal:
        assert terminal.wait_for_end() == 3
        lines = [line for line in terminal.lines if line]
    assert lines[0] == "Job 352 · deploy in production by admin · 2 nodes"
    assert server.paths[0] == "/orchestrator/v1/jobs/352"
    assert lines[-4].endswith("■ ended     job 352")
    assert lines[-3:] == [
        "✘ failed  job 352  5s  1 finished, 1 failed",
        "  ✘ failed   n1  n1 is failed",
        f"Why: jobevents why 352 --url {server.url}",
    ]


def test_without_the_job_there_is_no_header(home: Home, serve: Serve) -> None:
    """The request for the header is tried once; the events come all the same."""
    for command in ("tail", "list"):
        server = serve(job(*GOOD), faults={1: misbehaving.status(500)})
        with Terminal(["jobevents", command, "352", "--url", server.url], environment=home.environment) as terminal:
            assert terminal.wait_for_end() == 0
            assert "▶ running" in terminal.text
            assert "Job 352 ·" not in terminal.text


@pytest.mark.parametrize(
    ("arguments", "header"), [(["352", "353"], "Following jobs 352, 353"), (["--all"], "Following all jobs")]
)
def test_the_header_of_several_jobs(home: Home, serve: Serve, arguments: list[str], header: str) -> None:
    """It names the jobs and asks for nothing."""
    url = serve(job("n1:running"), job("n1:running", job_id=353, first=50)).url
    command = ["jobevents", "tail", *arguments, "--timeout", "1", "--url", url]
    with Terminal(command, environment=home.environment) as terminal:
        assert terminal.wait_for_end() == 124
        assert terminal.lines[0] == header


def _drawn(home: Home, script: str) -> str:
    """What a terminal got from the shell *script*."""
    with Terminal(["bash", "-c", script], environment=home.environment) as terminal:
        terminal.wait_for_end()
        return terminal.raw.decode()


def test_where_the_footer_is_shown(home: Home, serve: Serve) -> None:
    """On a terminal, beside a file and /dev/null; never beside a pipe, with -q or --no-progress."""
    url = serve(job("n1:running")).url
    bar = re.compile("[━─]{5}")
    command = f"jobevents tail 352 --json --timeout 5 --url {url}"
    shown = [command, f"{command} > {home.folder}/log", f"{command} > /dev/null", f"{command} > /dev/null"]
    command = f"jobevents tail 352 --json --timeout 1 --url {url}"
    hidden = [f"{command} | cat", f"{command} -q", f"{command} --no-progress", f"{command} 2> /dev/null"]
    assert [bool(bar.search(_drawn(home, script))) for script in (*shown, *hidden)] == [True] * 4 + [False] * 4
    in_ci = home.with_(CI="true")
    assert [bool(bar.search(_drawn(in_ci, script))) for script in (command, f"{command} --progress")] == [False, True]


def test_matches_are_highlighted(home: Home, serve: Serve) -> None:
    """On a terminal, what --grep finds stands out."""
    url = serve(_bad()).url
    assert "\x1b[1;7mis failed\x1b[0m" in _drawn(home, f"jobevents tail 352 --grep 'is failed' --url {url}")
    assert "\x1b" not in home.run("tail", "352", "--grep", "is failed", "--url", url).out


# Many jobs.


@pytest.mark.slow
def test_resuming_all_of_2000_jobs_takes_few_files(home: Home, serve: Serve) -> None:
    """Far more running jobs than files may be open: `--all --resume` follows them all."""
    server = serve(*(job("n1:running", job_id=number, first=number) for number in range(1, 301)))
    ran = home.shell(
        f"ulimit -n 100; jobevents tail --all --resume --json --timeout 12 --url {server.url} 2>&1 > {home.folder}/log"
    )
    assert "300 jobs were running when last checked" in ran.out
    assert len((home.folder / "log").read_text().splitlines()) == 300


@pytest.mark.slow  # a job that was read before is asked for again for 30 s
def test_a_job_that_is_gone_does_not_hold_back_the_cursor_of_all(home: Home, serve: Serve) -> None:
    """A job given up with an error is not open any more: the next run does not follow it again."""
    lost, other = job("n1:running", job_id=5), job("n1:running", job_id=6, first=20)
    server = serve(lost, other)
    live = home.start("tail", "--all", "--resume", "--json", "--interval", "0.1", "--url", server.url)
    live.line(), live.line()
    del server.orchestrator.jobs[5]
    wait_until(lambda: "job 5" in live.errors)
    publish(other, "n1:finished", 21)
    publish(other, "job:finished", 22)
    live.line(), live.line()
    wait_until(lambda: not kept(home, "tail --all"))
    live.signal(signal.SIGTERM)
    ran = live.finish()
    assert ran.err.splitlines()[-1] == f"Resume with: jobevents tail --all --resume --json --url {server.url}"


def test_the_hint_of_all_repeats_what_narrows_it_down(home: Home, serve: Serve) -> None:
    """--environment and its like choose the jobs: another set of jobs would be followed without them."""
    url = serve(job("n1:running")).url
    given = ["--all", "--environment", "production", "--owner", "admin", "--resume", "--failures", "--url", url]
    ran = home.run("tail", *given, "--timeout", "1")
    assert ran.status == 124
    hint = ran.err.splitlines()[-1]
    assert hint == f"1 job was running when last checked. Resume with: jobevents tail {shlex.join(given)}"


def test_the_hint_of_all_without_resume_names_the_jobs(home: Home, serve: Serve) -> None:
    """One that ends before the next run would not be found by `--all`. Of many jobs one command names all."""
    server = serve(job("n1:running", job_id=1), job("n1:running", job_id=2, first=7))
    rest = f"--failures --url {server.url}"
    given = ["tail", "--all", *rest.split(), "--timeout", "1"]
    again = f"Follow all jobs again with: jobevents tail --all {rest}"
    assert home.run(*given).err.splitlines()[-3:] == [
        f"Job 1 was running when last checked. Resume with: jobevents tail 1 --start 2 {rest}",
        f"Job 2 was running when last checked. Resume with: jobevents tail 2 --start 8 {rest}",
        again,
    ]
    server.orchestrator.jobs.update({number: job("n1:running", job_id=number, first=number) for number in range(1, 13)})
    found = re.findall(r"jobevents tail ([0-9 ]+) (--failures.*)", home.run(*given).err)
    assert [(sorted(map(int, jobs.split())), others) for jobs, others in found] == [([*range(1, 13)], rest)]
    server.orchestrator.jobs.clear()
    assert home.run(*given).err.splitlines()[-2:] == ["Error: no job was running after 1s (--timeout)", again]


@pytest.mark.parametrize("fault", ["503", "401"])
def test_an_outage_while_no_job_runs_is_said(home: Home, serve: Serve, fault: str) -> None:
    """The search for new jobs says once that contact is lost and once that it is back, and waits for a new token."""
    server = serve(job(*GOOD, job_id=1))
    live = home.start("tail", "--all", "--json", "--url", server.url)
    wait_until(lambda: server.seen)
    if fault == "401":
        server.orchestrator.token = "an0ther-t0ken"
    else:
        server.faults[0] = misbehaving.status(503, b"", Retry_After="1")
    wait_until(lambda: "contact lost" in live.errors)
    before = len(server.seen)
    wait_until(lambda: len(server.seen) > before)
    server.faults.clear()
    home.write_token(server.orchestrator.token)
    server.orchestrator.jobs[2] = job(*GOOD, job_id=2, first=10)
    assert [json.loads(live.line())["id"] for _ in GOOD] == ["10", "11", "12"]
    live.signal(signal.SIGTERM)
    said = live.finish().err.splitlines()
    assert [line.split(":")[1].strip()[:15] for line in said[:2]] == ["contact lost", "contact is back"]
    assert (said[2], said[-1].partition(" with: ")[0]) == ("Interrupted by SIGTERM.", "Follow all jobs again")
    assert [line for line in said[3:-1] if not line.startswith("Job 2 ")] == []


@pytest.mark.slow
def test_faults_after_the_end_delay_it_by_15_seconds_at_most(home: Home, serve: Serve) -> None:
    """Once the end was seen, a job that cannot be read any more does not hold up the outcome."""
    fault = misbehaving.status(503)
    server = serve(job(*GOOD), faults=dict.fromkeys(range(2, 500), fault))
    ran = home.run("tail", "352", "--json", "--url", server.url)
    assert ran.status == 0
    assert re.search(r"trying again for up to 1[45]s", ran.err)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/usr/bin/time").exists(), reason="needs GNU time")
def test_50000_failed_nodes_take_little_memory(home: Home, serve: Serve) -> None:
    """Failures are counted, and only some are kept."""
    one = job("job:finished", first=200_001, final_state="failed")
    for number in range(50_000):
        one.timeline.append((0.0, misbehaving.event_of(f"node{number}.example.com:failed", number + 1)))
    url = serve(one).url
    ran = home.shell(f"/usr/bin/time -f %M jobevents tail 352 --url {url} 2>&1 > /dev/null | tail -1")
    assert int(ran.out) < 80_000  # KB: three times the response and 50 MB
