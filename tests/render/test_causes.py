"""The causes as text and as JSON."""

import math
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobevents_cli.model.causes import Cause, CauseKind, Finding
from jobevents_cli.model.explanation import Again, Counts, Explanation
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.report import LogLine
from jobevents_cli.render import causes as rendered
from jobevents_cli.render.causes import CauseText, again_command, cause_objects
from jobevents_cli.render.styles import colored, plain, width

PIPE = CauseText(columns=None, node_columns=100, paint=plain)


def _explanation(*causes: Cause, again: Again | None = None, counts: Counts | None = None) -> Explanation:
    nodes = sum(len(cause.nodes) for cause in causes)
    return Explanation(JobRef.job(352), "failed", "deploy", counts or Counts(300, nodes), causes, again=again)


def _cause(message: str, *nodes: str, kind: CauseKind = CauseKind.RESOURCE, **more: object) -> Cause:
    about: dict[str, object] = {"resource": "Exec[migrate]", "file": "/etc/manifests/db.pp", "line": 3, **more}
    return Cause(Finding(kind, message, **about), nodes or ("a",))  # type: ignore[arg-type]


def _log(*messages: str) -> tuple[LogLine, ...]:
    return tuple(LogLine("notice", "/Stage[main]/Main/Exec[migrate]/returns", message) for message in messages)


def test_a_resource() -> None:
    """A resource is named with its file and line, then come the message, its log and the nodes."""
    lines = PIPE.lines(_explanation(_cause("failed", "b", "c", log=_log("locked by pid 1"))))
    assert lines == [
        "Job 352  failed  deploy  2 of 300 nodes failed: 1 cause",
        "",
        "2 nodes  Exec[migrate]  db.pp:3",
        "         failed",
        "         locked by pid 1",
        "         b c",
    ]


def test_a_catalog() -> None:
    """Of a catalog's error the words that every such error begins with are left out, and its paths are shortened."""
    message = (
        "Could not retrieve catalog from remote server: Error 500 on SERVER: Server Error: Evaluation Error: "
        "Error while evaluating a Function Call, Could not find class ::profile::nowhere "
        "(file: /etc/puppetlabs/code/site.pp, line: 12, column: 3) on node web01"
    )
    lines = PIPE.lines(_explanation(_cause(message, "web01", kind=CauseKind.CATALOG, resource=None, file=None)))
    assert lines[2:] == [
        "1 node  no catalog",
        "        Could not find class ::profile::nowhere (file: …/site.pp, line: 12, column: 3)",
        "        web01",
    ]


def test_many_lines_and_many_nodes() -> None:
    """Of many lines the last are shown, of many names as many as fit two rows, and how many more there are."""
    names = [f"n{number:03}.example.com" for number in range(290)]
    message = "\n".join(["first", *["between"] * 8, "last"])
    lines = PIPE.lines(_explanation(_cause(message, *names, log=_log(*"123456"))))
    assert [line.strip() for line in lines[3:8]] == ["first", "… last", "… 4 more lines", "5", "6"]
    assert len(lines) == 10
    assert lines[8].split()[0] == "n000.example.com"
    shown = len(" ".join(lines[8:]).split(" … ")[0].split())
    assert lines[9].endswith(f" … and {290 - shown} more")
    assert max(map(len, lines[8:])) <= 100
    every = CauseText(columns=None, node_columns=100, paint=plain, all_nodes=True)
    assert all(name in " ".join(every.lines(_explanation(_cause("m", *names)))) for name in names)


def test_a_narrow_screen() -> None:
    """Header, message and names are broken between words; where rows are few, one mark says where a message was cut."""
    names = ["app01.example.com", "cache01.example.com", "queue02.example.com"]
    message = "change from 'notrun' to ['0'] failed: '/opt/app/bin/migrate' returned 3 instead of one of [0]"
    whole = CauseText(columns=40, node_columns=40, paint=plain).lines(_explanation(_cause(message, *names)))
    assert whole == [
        "Job 352  failed  deploy  3 of 300 nodes",
        "failed: 1 cause",
        "",
        "3 nodes  Exec[migrate]  db.pp:3",
        "         change from 'notrun' to ['0']",
        "         failed: '/opt/app/bin/migrate'",
        "         returned 3 instead of one of",
        "         [0]",
        "         app01.example.com",
        "         … and 2 more",
    ]
    few = CauseText(columns=40, node_columns=40, paint=plain, rows=10).lines(_explanation(_cause(message, *names)))
    assert few == [*whole[:5], "         failed: '/opt/app/bin/migrate'…", *whole[8:]]


def test_the_lines_of_a_message_are_whole_where_there_is_room() -> None:
    """All of them, if they are few."""
    lines = PIPE.lines(_explanation(_cause("first\nsecond\nlast")))
    assert [line.strip() for line in lines[3:6]] == ["first", "second", "last"]


@pytest.mark.parametrize(
    ("errors", "others", "shown"),
    [
        (["disk full"], "0123456789", ["… 9 more lines", "disk full", "9"]),
        (list("abc"), "0123", ["… 5 more lines", "c", "3"]),
        (list("abc"), "", list("abc")),
        (list("abcd"), "", ["… 2 more lines", "c", "d"]),
        (["a"], "0", ["a", "0"]),
    ],
)
def test_the_last_lines_of_both_outputs(errors: list[str], others: str, shown: list[str]) -> None:
    """However long standard output is, standard error, which says why, is not hidden by it."""
    log = tuple(LogLine("err", "stderr", text) for text in errors)
    log += tuple(LogLine("notice", "stdout", text) for text in others)
    cause = _cause("failed", kind=CauseKind.COMMAND, resource=None, file=None, log=log, exit_code=1)
    lines = [line.strip() for line in PIPE.lines(_explanation(cause))]
    assert lines[4:-1] == shown
    scarce = CauseText(columns=80, node_columns=80, paint=plain, rows=7).lines(_explanation(cause))
    assert [line.strip() for line in scarce[4:-1]] == [f"… {errors[-1]}"]


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_rows_fit_the_screen(columns: int) -> None:
    """On a terminal no row is wider than the screen, whatever the texts are."""
    text = CauseText(columns=columns, node_columns=columns, paint=colored)
    cause = _cause("word " * 300, "n" * 30, "m" * 30, log=_log("x" * 1000, "漢字" * 100))
    lines = text.lines(_explanation(cause))
    assert all(width(rendered.PAINT.sub("", line)) <= columns for line in lines[2:])


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
        (Again(("-x", "a")), "puppet job run --nodes='-x',a"),
        (Again(("=ls", "~")), "puppet job run --nodes '=ls','~'"),
        (Again(("a,b", "c")), "puppet job run --nodes c # without 1 node whose name puppet cannot take"),
        (Again(("a,b", "c\nd", "")), ""),
        (Again(("a",), environment="-x"), "puppet job run --nodes a --environment='-x'"),
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
    assert words[:3] in (["puppet", "job", "run"], ["puppet", "job", "run"])
    joined = words[4] if words[3] == "--nodes" else words[3].removeprefix("--nodes=")
    assert set(joined.split(",")) <= set(names)
    assert not (words[3] == "--nodes" and joined.startswith("-"))


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
