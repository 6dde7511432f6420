"""Every row of the table of exit statuses, by the installed program."""

import re
import signal
import sys
from collections.abc import Callable

import pytest
from support.misbehaving import TestServer, big_job, error, job, status
from support.program import Home

from jobevents_cli.exit_status import ExitStatus

Serve = Callable[..., TestServer]
GOOD = ("n1:running", "n1:finished", "job:finished")


def test_0_for_a_job_that_finished_on_every_node(home: Home, serve: Serve) -> None:
    """A job whose nodes all finished ends in 0; standard error closes with how it ended."""
    ran = home.run("tail", "352", "--url", serve(job(*GOOD)).url)
    assert (ran.status, ran.err.splitlines()[-1]) == (0, "✔ finished  job 352  3s  1 finished")
    assert len(ran.out.splitlines()) == 3


def test_0_for_a_list_of_a_job_that_failed(home: Home, serve: Serve) -> None:
    """`list` says that the list is printed, not how the job ended."""
    url = serve(job("n1:failed", "job:finished", final_state="failed")).url
    assert home.run("list", "352", "--url", url).status == 0


@pytest.mark.parametrize("kind", ["failed", "errored", "skipped"])
def test_3_for_a_node_that_did_not_finish(home: Home, serve: Serve, kind: str) -> None:
    """A node that failed, errored or was skipped makes it 3, live or afterwards, whatever is printed."""
    url = serve(job("n1:running", "n2:running", "n2:finished", f"n1:{kind}", "job:finished", final_state="failed")).url
    assert home.run("tail", "352", "--url", url).status == 3
    assert home.run("tail", "352", "-q", "--url", url).status == 3
    assert home.run("tail", "352", "--type", "finished", "--url", url).status == 3


def test_3_for_a_job_whose_state_alone_is_failed(home: Home, serve: Serve) -> None:
    """The events know of no failure, the job does: the worse one counts."""
    assert home.run("tail", "352", "--url", serve(job(*GOOD, final_state="failed")).url).status == 3


def test_3_for_a_failure_before_start(home: Home, serve: Serve) -> None:
    """A node that failed before `--start` counts, as the job's own counts tell of it."""
    url = serve(job("n1:failed", "n2:running", "n2:finished", "job:finished")).url
    assert home.run("tail", "352", "--start", "2", "--url", url).status == 3


def test_5_for_a_job_that_was_aborted(home: Home, serve: Serve) -> None:
    """job_aborted outweighs a node that failed."""
    url = serve(job("n1:running", "n1:failed", "job:stopping", "job:aborted", final_state="stopped")).url
    assert home.run("tail", "352", "--url", url).status == 5


def test_5_for_a_job_whose_state_alone_is_stopped(home: Home, serve: Serve) -> None:
    """job_finished says nothing of a stop, the job's state does."""
    url = serve(job("n1:running", "n1:finished", "job:finished", final_state="stopped")).url
    assert home.run("tail", "352", "--url", url).status == 5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tail", "abc"], "Invalid value for JOB: 'abc' is not a job: write a job's id such as 352"),
        (["tail", "-1"], "there is no option -1"),
        (["tail", "352", "--start", "-5"], "Invalid value for '--start': '-5' is not a non-negative integer"),
        (["tail", "352", "--start", "1.5"], "Invalid value for '--start'"),
        (["tail", "352", "--start", "5", "--resume"], "--resume and --start contradict each other"),
        (["tail", "352", "--interval", "0.05"], "0.05 is less than the minimum, 0.1"),
        (["tail", "352", "--interval", "nan"], "'nan' is not a number of seconds"),
        (["tail", "352", "--timeout", "soon"], "'soon' is not a duration: write 90, 90s, 15m, 2h or 1d"),
        (["tail", "352", "--grep", "("], "--grep '(' is not a regular expression"),
        (["tail", "352", "--type", "broken"], "'broken' is not an event type"),
        (["tail"], "tail needs a job: its id such as 352"),
        (["tail", "352", "--all"], "JOB and --all contradict each other"),
        (["tail", "latest", "--all"], "JOB and --all contradict each other"),
        (["tail", "352", "--owner", "jane"], "--owner and JOB contradict each other"),
        (["tail", "plan/latest", "--owner", "jane"], "--owner and JOB contradict each other"),
        (["tail", "--owner", "jane"], "--owner narrows `latest` down"),
        (["tail", "latest", "--wait", "5"], "latest and --wait contradict each other"),
        (["forward", "--since", "latest", "--", "true"], "latest has no number yet"),
        (["tail", "--all", "--start", "5"], "--all and --start contradict each other"),
        (["tail", "352", "-q", "--why"], "--quiet and --why contradict each other"),
        (["tail", "plan/12", "--start", "5"], "--start of a plan goes with --no-jobs"),
        (["list"], "list needs a job: its id such as 352"),
        (["nonsense"], "there is no command 'nonsense'"),
        (["tail", "352"], "no orchestrator is configured"),
        (
            ["tail", "352", "--url", "http://pe.example.com"],
            "plain http to pe.example.com (--url) is refused",
        ),
        (["tail", "352", "--url", "https://pe.example.com", "--cacert", "/nowhere"], "the CA file /nowhere"),
        (["tail", "352", "--url", "localhost", "--profile", "p"], "there is no profile 'p'"),
    ],
)
def test_2_for_wrong_usage_or_configuration(home: Home, arguments: list[str], said: str) -> None:
    """Wrong usage ends in 2, with one line that says what is wrong and nothing on standard output."""
    ran = home.run(*arguments)
    assert (ran.status, ran.out) == (2, "")
    first = ran.err.splitlines()[0]
    assert first.startswith("Error: ")
    assert said in first
    assert len(ran.err.splitlines()) <= 2


@pytest.mark.parametrize(
    ("line", "gone", "instead"),
    [
        ("tail --latest", "--latest", "jobevents tail latest"),
        ("why --latest-plan", "--latest-plan", "jobevents tail plan/latest"),
        ("list 352 --raw", "--raw", "--json"),
        ("tail 352 --messages", "--messages", "jq -r .message"),
        ("list 352 --exit-status", "--exit-status", "show JOB --exit-status"),
        ("tail 352 --no-exit-status", "--no-exit-status", "tail always exits as the job ended"),
        ("tail 352 --time relative", "--time relative", "local, utc or none"),
        ("show 352 --svg x.svg", "--svg", "--format markdown"),
        ("show 352 --format json", "--format json", "--json"),
        ("config path", "config path", "jobevents config show"),
        ("config profiles", "config profiles", "jobevents config show"),
    ],
)
def test_2_for_what_is_gone(home: Home, line: str, gone: str, instead: str) -> None:
    """An option or a command of an earlier version is answered with what to use instead."""
    ran = home.run(*line.split())
    assert (ran.status, ran.out) == (2, "")
    error, hint = ran.err.splitlines()
    assert error == f"Error: there is no {gone} any more"
    assert instead in hint


@pytest.mark.parametrize("arguments", [[], ["config"]])
def test_2_with_help_where_nothing_was_asked(home: Home, arguments: list[str]) -> None:
    """Without a command, the help is said on standard error."""
    ran = home.run(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == home.run(*arguments, "--help").out


def test_2_for_a_broken_configuration_file(home: Home) -> None:
    """A file that is no TOML is named with line and column."""
    path = home.folder / "broken.toml"
    path.write_text('url = "a\n')
    ran = home.with_(JOBEVENTS_CONFIG=str(path)).run("tail", "352")
    assert ran.status == 2
    assert str(path) in ran.err
    assert "line 1, column" in ran.err


def test_4_without_a_token(home: Home, serve: Serve) -> None:
    """No token: which file was looked for, and how to get one."""
    (home.folder / ".puppetlabs" / "token").unlink()
    ran = home.run("tail", "352", "--url", serve(job(*GOOD)).url)
    assert ran.status == 4
    assert f"{home.folder}/.puppetlabs/token (PE's default) does not exist" in ran.err
    assert "puppet-access login" in ran.err


@pytest.mark.parametrize("code", [401, 403])
def test_4_for_a_token_that_is_not_let_in(home: Home, serve: Serve, code: int) -> None:
    """401 and 403 say which token, never its value, and what the server said."""
    fault = error(code, "puppetlabs.rbac/token-expired", "The provided token has expired.")
    ran = home.run("tail", "352", "--url", serve(job(*GOOD), faults={0: fault}).url)
    assert ran.status == 4
    assert f"the token in {home.folder}/.puppetlabs/token" in ran.err
    assert "The provided token has expired." in ran.err
    assert "puppet-access login" in ran.err


def test_6_for_an_unknown_job(home: Home, serve: Serve) -> None:
    """404 names the job and what the server said, at once and without a retry."""
    server = serve(job(*GOOD))
    for command in ("tail", "list"):
        ran = home.run(command, "353", "--json", "--url", server.url)
        assert ran.status == 6
        assert "job 353" in ran.err
        assert "Job 353 not found" in ran.err
    assert len(server.paths) == 2


def test_6_for_a_request_that_is_refused(home: Home, serve: Serve) -> None:
    """400 names the job and what the server said."""
    fault = error(400, "puppetlabs.validators/validation-error", "start must be an integer")
    ran = home.run("tail", "352", "--url", serve(job(*GOOD), faults={0: fault}).url)
    assert ran.status == 6
    assert "job 352" in ran.err
    assert "start must be an integer" in ran.err


def test_7_where_nobody_answers(home: Home, serve: Serve) -> None:
    """An orchestrator that cannot be reached: which host and port, after 5 s of trying."""
    server = serve()
    url, port = server.url, server.port
    server.__exit__(None, None, None)
    ran = home.run("tail", "352", "--url", url)
    assert ran.status == 7
    assert f"Error: could not connect to 127.0.0.1:{port}: Connection refused" in ran.err
    assert ran.out == ""


def test_124_when_the_timeout_runs_out(home: Home, serve: Serve) -> None:
    """`--timeout` leaves the job alone and tells how to go on."""
    ran = home.run("tail", "352", "--timeout", "1", "--url", serve(job("n1:running")).url)
    assert ran.status == 124
    assert len(ran.out.splitlines()) == 1
    assert "--timeout" in ran.err
    assert "jobevents tail 352 --start 2" in ran.err


def test_a_timeout_after_the_end_leaves_the_outcome(home: Home, serve: Serve) -> None:
    """A job whose end was seen is only looked at for late events: what is known by then is what a script wants."""
    url = serve(job("n1:running", "n1:failed", "job:finished", final_state="failed")).url
    # With --start not all nodes are seen, so that the end takes the settle time of 3 s.
    ran = home.run("tail", "352", "--start", "2", "--timeout", "1", "--url", url)
    assert (ran.status, "--timeout" in ran.err) == (3, False)


def test_a_refusal_in_the_middle_says_how_to_go_on(home: Home, serve: Serve) -> None:
    """Some of the job was printed; before that there is nothing to resume."""
    server = serve(job("n1:running"))
    live = home.start("tail", "352", "--interval", "0.1", "--url", server.url)
    live.line()
    server.faults[0] = error(400, "puppetlabs.validators/validation-error", "odd")
    ran = live.finish()
    assert ran.status == 6
    assert ran.err.splitlines()[-1].endswith(f"Resume with: jobevents tail 352 --start 2 --url {server.url}")


def test_124_before_a_poll_in_the_far_future(home: Home, serve: Serve) -> None:
    """An interval of years is waited for like any other."""
    ran = home.run(
        "tail", "352", "--json", "--interval", "1e8", "--timeout", "1", "--url", serve(job("n1:running")).url
    )
    assert ran.status == 124
    assert [line.split(":")[0] for line in ran.err.splitlines()] == [
        "Error",
        "Job 352 was running when last checked. Resume with",
    ]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_130_143_129_for_signals(home: Home, serve: Serve, number: signal.Signals, code: int) -> None:
    """A signal ends the tail at once; the job goes on, and so can the tail."""
    live = home.start("tail", "352", "--url", serve(job("n1:running")).url)
    live.line()
    live.signal(number)
    ran = live.finish()
    assert ran.status == code
    assert "Job 352 was running when last checked. Resume with: jobevents tail 352 --start 2" in ran.err
    assert "Traceback" not in ran.err


def test_1_for_a_bug(home: Home, serve: Serve) -> None:
    """A bug exits with 1: one line says where it is, and there is no traceback."""
    url = serve(job(*GOOD)).url
    broken = "import jobevents_cli.model.event as e; del e.Event.message; from jobevents_cli.cli import main; main()"
    ran = home.shell(f"{sys.executable} -c '{broken}' list 352 --url {url}")
    assert (ran.status, ran.out) == (1, "")
    assert re.match(r"Error: a bug in jobevents \S+: AttributeError in \w+/\w+\.py, \w+\(\), line \d+\n", ran.err)


def test_141_when_the_reader_goes(home: Home, serve: Serve) -> None:
    """`| head -1` ends the program silently."""
    url = serve(big_job(5000)).url
    ran = home.shell(f"jobevents list 352 --url {url} | head -1; echo ${{PIPESTATUS[0]}}")
    assert ran.out.splitlines()[1:] == ["141"]
    assert ran.err == ""


def test_141_when_the_reader_goes_while_nothing_happens(home: Home, serve: Serve) -> None:
    """A tail whose reader has gone ends even though no event comes that it could not write."""
    url = serve(job("n1:running")).url
    ran = home.shell(f"jobevents tail 352 --json --url {url} | head -1; echo ${{PIPESTATUS[0]}}")
    assert ran.out.splitlines()[1:] == ["141"]
    assert ran.err == ""


def test_7_when_the_disk_is_full(home: Home, serve: Serve) -> None:
    """Standard output that cannot be written is an error that says so."""
    ran = home.shell(f"jobevents list 352 --url {serve(job(*GOOD)).url} > /dev/full")
    assert ran.status == 7
    assert ran.err.splitlines()[0] == "Error: standard output cannot be written: No space left on device"


def test_7_for_a_redirect(home: Home, serve: Serve) -> None:
    """A redirect is not followed, at once, and the token goes nowhere else."""
    elsewhere = serve()
    fault = status(302, Location=f"{elsewhere.url}/orchestrator/v1/jobs/352/events?token=x")
    ran = home.run("tail", "352", "--url", serve(job(*GOOD), faults={0: fault}).url)
    assert ran.status == 7
    assert "redirect" in ran.err
    assert elsewhere.seen == []


def test_the_statuses_are_those_of_the_contract() -> None:
    """No number is given twice or anew."""
    assert sorted(ExitStatus) == [0, 1, 2, 3, 4, 5, 6, 7, 124, 129, 130, 141, 143]
