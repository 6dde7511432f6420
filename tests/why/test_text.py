"""The causes as text and as JSON."""

import math
import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.colors import colored

from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.render.styles import plain, width
from jobevents_cli.why import cause_objects as rendered
from jobevents_cli.why.again import Again, again_command
from jobevents_cli.why.cause_objects import cause_objects
from jobevents_cli.why.causes import Cause, CauseKind, Finding
from jobevents_cli.why.explanation import Counts, Explanation
from jobevents_cli.why.report import LogLine
from jobevents_cli.why.text import CauseText, short_path, texts_by_node

FILE = "/code/environments/production/manifests/db.pp"
PIPE = CauseText(columns=None, node_columns=100, paint=plain)


def _explanation(*causes: Cause, again: Again | None = None, counts: Counts | None = None) -> Explanation:
    nodes = sum(len(cause.nodes) for cause in causes)
    return Explanation(JobRef.job(352), "failed", "deploy", counts or Counts(300, nodes), causes, again=again)


def _cause(message: str, *nodes: str, kind: CauseKind = CauseKind.RESOURCE, **more: object) -> Cause:
    about: dict[str, object] = {"resource": "Exec[migrate]", "file": FILE, "line": 3, **more}
    return Cause(Finding(kind, message, **about), nodes or ("a",))  # type: ignore[arg-type]


def _log(*messages: str) -> tuple[LogLine, ...]:
    return tuple(LogLine("notice", "/Stage[main]/Main/Exec[migrate]/returns", message) for message in messages)


def test_a_resource() -> None:
    """A resource is named with its file and line, then come the message, its log and the nodes."""
    lines = PIPE.lines(_explanation(_cause("failed", "b", "c", log=_log("locked by pid 1"))))
    assert lines == [
        "Job 352  failed  deploy  2 of 300 nodes failed: 1 cause",
        "",
        "2 nodes  Exec[migrate]  manifests/db.pp:3",
        "         failed",
        "         locked by pid 1",
        "         b c",
    ]


def test_a_catalog() -> None:
    """Of a catalog's error the words that every such error begins with are left out, and its paths are shortened."""
    message = (
        "Could not retrieve catalog from remote server: Error 500 on SERVER: Server Error: Evaluation Error: "
        "Error while evaluating a Function Call, Could not find class ::profile::nowhere "
        "(file: /etc/puppetlabs/code/environments/production/manifests/site.pp, line: 12, column: 3) on node web01"
    )
    lines = PIPE.lines(_explanation(_cause(message, "web01", kind=CauseKind.CATALOG, resource=None, file=None)))
    assert lines[2:] == [
        "1 node  no catalog",
        "        Could not find class ::profile::nowhere (file: …/manifests/site.pp, line: 12, column: 3)",
        "        web01",
    ]


def test_many_nodes() -> None:
    """As many names as fit two rows, and how many more there are."""
    names = [f"n{number:03}.example.com" for number in range(290)]
    lines = PIPE.lines(_explanation(_cause("m", *names)))
    assert len(lines) == 6
    assert lines[4].split()[0] == "n000.example.com"
    shown = len(" ".join(lines[4:]).split(" … ")[0].split())
    assert lines[5].endswith(f" … and {290 - shown} more")
    assert max(map(len, lines[4:])) <= 100
    every = CauseText(columns=None, node_columns=100, paint=plain, all_nodes=True)
    assert all(name in " ".join(every.lines(_explanation(_cause("m", *names)))) for name in names)


def test_off_the_screen_messages_are_whole() -> None:
    """Up to 50 lines of a cause; of more those that tell most, and how to see the others."""
    lines = [line.strip() for line in PIPE.lines(_explanation(_cause("\n".join(["first", "x" * 3000, "last"]))))]
    assert lines[3:6] == ["first", "x" * 3000, "last"]
    message = "\n".join([*(f"step {number}" for number in range(60)), "fatal: no disk", *"abc"])
    lines = [line.strip() for line in PIPE.lines(_explanation(_cause(message)))]
    assert len(lines[3:-1]) == 51
    assert lines[3:5] == ["step 0", "step 1"]
    assert lines[-3:] == ["fatal: no disk", "… 14 more lines: jobevents why 352 --logs", "a"]


def test_on_a_screen_the_lines_that_tell_most_are_shown() -> None:
    """In their order, and a row says how many others there are and how to see them."""
    text = CauseText(columns=80, node_columns=80, paint=plain, rows=13)
    log = _log(*(f"step {number}" for number in range(9)), "fatal: no disk", *(f"undo {number}" for number in range(9)))
    lines = [line.strip() for line in text.lines(_explanation(_cause("failed: returned 3", log=log)))]
    assert len(lines) < 13
    assert lines[3:-1] == ["failed: returned 3", *(f"step {n}" for n in range(4)), "fatal: no disk", LEFT.format(14)]


LEFT = "… {} more lines: jobevents why 352 --logs"


def test_a_narrow_screen() -> None:
    """Header, message and names are broken between words; where rows are few, one mark says where a message was cut."""
    names = ["app01.example.com", "cache01.example.com", "queue02.example.com"]
    message = "change from 'notrun' to ['0'] failed: '/opt/app/bin/migrate' returned 3 instead of one of [0]"
    whole = CauseText(columns=42, node_columns=40, paint=plain).lines(_explanation(_cause(message, *names)))
    assert whole == [
        "Job 352  failed  deploy  3 of 300 nodes",
        "failed: 1 cause",
        "",
        "3 nodes  Exec[migrate]  manifests/db.pp:3",
        "         change from 'notrun' to ['0']",
        "         failed: '/opt/app/bin/migrate'",
        "         returned 3 instead of one of [0]",
        "         app01.example.com",
        "         … and 2 more",
    ]
    few = CauseText(columns=42, node_columns=40, paint=plain, rows=9).lines(_explanation(_cause(message, *names)))
    assert few == [*whole[:5], "         failed: '/opt/app/bin/migrate' r…", *whole[7:]]


def test_nothing_is_said_twice() -> None:
    """Neither what the message says, nor the exit code, nor the place in the head, nor the output of a second try."""
    message = f"returned 1: cannot bind to port 80 (file: {FILE}, line: 3)"
    log = _log("cannot bind to port 80", "trying", "refused", "trying", "refused")
    lines = [line.strip() for line in PIPE.lines(_explanation(_cause(message, log=log)))]
    assert lines[2:-1] == [
        "1 node  Exec[migrate]  manifests/db.pp:3",
        "returned 1: cannot bind to port 80",
        "trying",
        "refused",
    ]
    command = _cause("exit code 3", kind=CauseKind.COMMAND, resource=None, file=None, exit_code=3)
    assert [line.strip() for line in PIPE.lines(_explanation(command))[2:]] == ["1 node  exit 3", "a"]


def test_colours_and_progress_bars_are_left_out() -> None:
    """What a terminal would not show, or not for long, is not shown; other control characters are escaped."""
    message = "\x1b[32m==>\x1b[0m Fetching\r\n  0%\r 50%\r100%\r\n\x1b[31mError:\x1b[0m no\x07\r\n"
    cause = _cause(message, kind=CauseKind.TASK, resource=None, file=None, exit_code=2)
    lines = [line.strip() for line in PIPE.lines(_explanation(cause))]
    assert lines[2:-1] == ["1 node  exit 2", "==> Fetching", "100%", "Error: no\\x07"]


def test_resources_that_fail_for_one_reason() -> None:
    """They are counted and named below it."""
    names = tuple(f"Package[p{number:02}]" for number in range(12))
    cause = Cause(Finding(CauseKind.RUN, "Could not prefetch package provider 'gem': no", explained=names), ("a",))
    lines = [line.strip() for line in PIPE.lines(_explanation(cause))]
    assert lines[2] == "1 node  Could not prefetch package provider 'gem': no"
    assert lines[3].startswith("12 resources: Package[p00], ")
    assert lines[3].endswith("Package[p09] … and 2 more")


@pytest.mark.parametrize(
    ("path", "short"),
    [
        ("/etc/puppetlabs/code/environments/production/modules/nginx/manifests/init.pp", "nginx/manifests/init.pp"),
        (
            "/etc/puppetlabs/code/environments/production/site/profile/manifests/base/ntp.pp",
            "profile/manifests/base/ntp.pp",
        ),
        ("/etc/puppetlabs/code/environments/production/modules/nginx/templates/x/y.epp", "nginx/templates/x/y.epp"),
        ("/etc/puppetlabs/code/environments/production/manifests/site.pp", "manifests/site.pp"),
        ("C:\\ProgramData\\code\\modules\\iis\\manifests\\init.pp", "iis/manifests/init.pp"),
        ("/srv/app/m5.pp", "app/m5.pp"),
        ("site.pp", "site.pp"),
    ],
)
def test_paths_keep_the_module(path: str, short: str) -> None:
    """And elsewhere their last two names."""
    assert short_path(path) == short


def test_each_node_s_own_causes() -> None:
    """A node is explained by the causes that name it, and by no other."""
    explanation = _explanation(_cause("one", "a", "b"), _cause("two", "a"), again=Again(("a", "b")))
    texts = texts_by_node(explanation)
    assert texts["b"] == "2 nodes  Exec[migrate]  manifests/db.pp:3\n         one\n         a b"
    assert [part.splitlines()[1].strip() for part in texts["a"].split("\n\n")] == ["one", "two"]


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_rows_fit_the_screen(columns: int) -> None:
    """On a terminal no row is wider than the screen, whatever the texts are."""
    text = CauseText(columns=columns, node_columns=columns, paint=colored)
    cause = _cause("word " * 300, "n" * 30, "m" * 30, log=_log("x" * 1000, "漢字" * 100))
    lines = text.lines(_explanation(cause))
    assert all(width(re.sub("\x1b\\[[0-9;]*m", "", line)) <= columns for line in lines[2:])


def test_three_causes_fit_one_screen() -> None:
    """Three causes with long texts are drawn with less detail, so that they fit on 24 rows of 80 columns."""
    long = "a long message that takes more than one row of the screen, as messages of real runs do; " * 3
    names = [f"node{number}.production.example.com" for number in range(4)]
    causes = [
        _cause(
            f"{kind} {long}", *names, resource=f"Exec[{kind}]", log=_log(*[f"{number} {long}" for number in range(9)])
        )
        for kind in ("one", "two", "three")
    ]
    again = Again(tuple(name for cause in causes for name in cause.nodes), environment="production")
    lines = CauseText(columns=80, node_columns=80, paint=plain).lines(_explanation(*causes, again=again))
    assert sum(max(1, math.ceil(width(line) / 80)) for line in lines) < 24
    assert all(any(f"Exec[{kind}]" in line for line in lines) for kind in ("one", "two", "three"))


def test_hostile_texts_are_escaped() -> None:
    """Nothing that a server sends reaches the terminal as an escape sequence."""
    evil = "\x1b[2J\u202e\x9b\r\n"
    finding = Finding(CauseKind.TASK, evil, exit_code=1, log=_log(evil), resource=None)
    again = Again((evil, "a"), task=evil)
    explanation = Explanation(JobRef.job(1), evil, evil, Counts(1, 1), (Cause(finding, (evil,)),), again=again)
    for text in (PIPE, CauseText(columns=80, node_columns=80, paint=plain, logs=True)):
        assert all(line.isprintable() for line in text.lines(explanation))


def test_running_and_nothing_wrong() -> None:
    """A running job says so; a job without failures takes one line."""
    nothing = Explanation(JobRef.plan(12), "success", "x", Counts(3), ())
    assert PIPE.lines(nothing) == ["Plan 12: nothing went wrong"]
    skipped = Explanation(None, "", "", Counts(3, skipped=1), ())
    assert PIPE.lines(skipped)[0] == "Saved job  0 of 3 nodes failed, 1 skipped: 0 causes"


@pytest.mark.parametrize(
    ("again", "command"),
    [
        (Again(("a", "b"), environment="production"), "puppet job run --nodes a,b --environment production"),
        (Again(("a",), environment="dev", noop=True), "puppet job run --nodes a --environment dev --noop"),
        (Again(("a",)), "puppet job run --nodes a"),
        (Again(("a",), task="facts::x"), "puppet task run 'facts::x' --nodes a"),
        (
            Again(("a",), task="facts", has_parameters=True),
            "puppet task run facts --nodes a # add the task's parameters",
        ),
        (Again(("a;rm -rf ~",)), "puppet job run --nodes 'a;rm -rf ~'"),
        (Again(("it's",)), "puppet job run --nodes 'it'\"'\"'s'"),
        (
            Again(("-x", "@/etc/passwd", "a")),
            "puppet job run --nodes a # without 2 nodes whose name puppet cannot take",
        ),
        (Again(plan="app::rollout"), "puppet plan run 'app::rollout'"),
        (Again(plan="rollout", has_parameters=True), "puppet plan run rollout # add the plan's parameters"),
        (Again(plan="@x"), ""),
        (Again(("=ls", "~")), "puppet job run --nodes '=ls','~'"),
        (Again(("a,b", "c")), "puppet job run --nodes c # without 1 node whose name puppet cannot take"),
        (Again(("a,b", "c\nd", "")), ""),
        (Again(("a",), environment="-x"), ""),
        (Again(("a",), task="-x"), ""),
        (Again(("a",), task="\x1b"), ""),
    ],
)
def test_again(again: Again, command: str) -> None:
    """The command runs the nodes again, and is harmless whatever they are called."""
    assert again_command(again) == command


@given(st.lists(st.text(max_size=8), min_size=1, max_size=5), st.text(max_size=5))
def test_again_is_always_one_harmless_command(names: list[str], environment: str) -> None:
    """However names are made, the shell sees the words that were meant, on one line."""
    command = again_command(Again(tuple(names), environment=environment))
    if not command:
        return
    assert command.isprintable()
    words = shlex.split(command, comments=True)
    assert words[:4] == ["puppet", "job", "run", "--nodes"]
    assert set(words[4].split(",")) <= set(names)
    assert not words[4].startswith(("-", "@"))


def test_texts_are_cut_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text is whole up to a limit, then cut at a character; once all texts together are too long, all are cut."""
    monkeypatch.setattr(rendered, "LONGEST_TEXT", 10)
    monkeypatch.setattr(rendered, "LONGEST_IN_ALL", 60)
    cause = _cause("éééééé", resource=None, file=None, log=_log("0123456789", "b" * 11))
    (value,) = cause_objects(_explanation(cause))
    assert value["message"] == "ééééé… (cut: 12 bytes in all)"
    assert value["log"][0]["message"] == "0123456789"
    assert value["log"][1]["message"].startswith("b… (cut: 11 bytes in all)") or value["log"][1]["message"].startswith(
        "bb"
    )
