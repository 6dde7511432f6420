"""Markdown: tables that no text can break, without HTML, links, mentions; cut at 900 kB."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from support.details import details, node, run_result

from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.plan import Plan
from jobevents_cli.render.markdown_code import code
from jobevents_cli.render.tables import View
from jobevents_cli.show import markdown
from jobevents_cli.show.job_details import JobDetails, Why
from jobevents_cli.show.markdown import markdown_text

Golden = Callable[[str, str], None]
VIEW = View()
PARSER = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable("table").enable("strikethrough")
LINK = "https://pe.example.com/#/run/jobs/352/nodes/db01/report"
MARKUP = st.text(st.sampled_from("|`\\*_~<>[]()!#@&;:/\n\r\t -+=.'\"ab1\u2028\x00\x1b"), max_size=24)
HOSTILE = [
    *("| a | b |", "`", "``` \n", "\\", "\\|", "\\\\|", "a`|`b", "<script>", "<!--", "@admin", "[x](y)", "![x](y)"),
    *("https://evil.example", "&lt;", "# head", "\n\n# head", "| --- |", "~~x~~", "**x**", "$x$", ":smile:", "#1"),
]


def _tokens(text: str) -> list[Any]:
    flat = []
    for token in PARSER.parse(text):
        flat.append(token)
        flat += token.children or []
    return flat


def _cells(text: str) -> list[list[str]]:
    """The text of each cell of each row of the tables in *text*, as a reader sees it."""
    rows: list[list[str]] = []
    inside = False
    for token in PARSER.parse(text):
        if token.type == "tr_open":
            rows.append([])
        inside = token.type in ("td_open", "th_open") or (inside and token.type == "inline")
        if inside and token.type == "inline":
            rows[-1].append("".join(child.content for child in token.children or []))
    return rows


def test_a_job_is_compared_whole(golden: Golden) -> None:
    """A heading with outcome and counts, what the job is, a table of the nodes that failed."""
    job = details(
        node("web01.example.com", duration=2, result=run_result("changed", changed=4)),
        node("db01.example.com", "failed", "Failed!", duration=37, result=run_result("failed", failed=2),
             details={"message": "Failed!", "report-url": LINK}),
        node("app01.example.com", "skipped", "Skipped app01: its dependency failed"),
        type="deploy", environment={"name": "production"}, owner={"login": "admin"}, duration=42,
        node_states={"skipped": 1, "finished": 1, "failed": 1},
    )  # fmt: skip
    golden("markdown.md", markdown_text([job], VIEW))
    golden("markdown-all.md", markdown_text([job], VIEW, all_nodes=True))


def test_a_running_job_says_so() -> None:
    """The heading never reads like a result."""
    text = markdown_text([details(node("a"), node("b", "running"), state="running")], VIEW)
    assert text.startswith("## Job 352 is running · 1 finished, 1 running\n")


def test_a_stopped_job_says_what_did_not_start() -> None:
    """It is called stopped, and its nodes that are still new did not start."""
    text = markdown_text([details(node("a"), node("b", "new"), node("c", "ready"), state="stopped")], VIEW)
    assert text.startswith("## Job 352 stopped · 1 finished, 2 not started\n")


def test_a_job_whose_address_is_not_known_has_no_link() -> None:
    """Only the address of a report in the console says where that is; that of another job does not."""
    for link in (
        "",
        "https://pe/#/cm/report/1",
        "https://pe/#/run/jobs/3520/nodes/a/report",
        "javascript:#/run/jobs/352/",
    ):
        job = details(node("a", "failed", details={"report-url": link}))
        assert markdown_text([job], VIEW).startswith("## Job 352 failed ·")


def test_a_plan() -> None:
    """The plan's outcome and error, then each of its jobs one level below."""
    jobs = (
        details(node("a", "failed", "no"), number=1, type="plan_task", options={"task": "package"}),
        details(number=2, state="finished"),
    )
    plan = Plan({"name": "12", "state": "failure", "result": {"msg": "boom"}, "options": {"plan_name": "x::y"}})
    lines = markdown_text([JobDetails(JobRef.plan(12), plan, jobs=jobs)], VIEW).splitlines()
    assert [line for line in lines if line.startswith("#")] == [
        "## Plan 12 failed · `x::y` · jobs: 1 finished, 1 failed",
        "### Job 1 failed · `plan_task package` · 1 failed",
        "### Job 2 finished · no nodes",
    ]
    assert "Error: `boom`" in lines


@given(name=MARKUP, message=MARKUP, state=st.sampled_from(["failed", "errored", "skipped"]), link=MARKUP)
@example(name="a\\|b", message="`|`", state="failed", link="")
def test_no_text_breaks_the_table(name: str, message: str, state: str, link: str) -> None:
    """Each node is one row of five cells; the texts start no markup of any kind."""
    job = details(
        node(name, state, details={"message": message, "report-url": f"https://h/{link}"}),
        node("next", "failed", "after"),
        type=name, environment={"name": message}, owner={"login": link},
    )  # fmt: skip
    text = markdown_text([job], VIEW)
    kinds = {token.type for token in _tokens(text)}
    assert kinds <= {
        *("heading_open", "heading_close", "paragraph_open", "paragraph_close", "inline", "text", "code_inline"),
        *(f"{tag}_{end}" for tag in ("table", "thead", "tbody", "tr", "th", "td", "link") for end in ("open", "close")),
    }
    cells = _cells(text)
    assert [len(row) for row in cells] == [5, 5, 5]
    assert {cells[1][0], cells[2][0]} == {_seen(name), "next"}
    for token in PARSER.parse(text):
        for child in token.children or []:
            assert child.type != "text" or "@" not in child.content
            assert child.type != "link_open" or str(child.attrs["href"]).startswith("https://h/")


def _seen(name: str) -> str:
    """The *name* as the table shows it: control characters escaped, a blank between backslash and pipe."""
    text = code(name).strip("`").strip()
    return text.replace("\\|", "|")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_one_code_span(text: str) -> None:
    """In a paragraph and in a table the text is code and nothing else."""
    for document in (code(text), f"| a |\n| --- |\n| {code(text)} |"):
        kinds = [token.type for token in _tokens(document) if token.type in ("code_inline", "html_inline", "link_open")]
        assert kinds == ["code_inline"]


@pytest.mark.parametrize("link", ["javascript:alert(1)", "file:///etc/passwd", "https://x/\x1b", "//x", "", "data:,x"])
def test_only_web_addresses_are_links(link: str) -> None:
    """Any other address is left out."""
    text = markdown_text([details(node("n", "failed", details={"report-url": link}))], VIEW)
    assert not [token for token in _tokens(text) if token.type == "link_open"]


def test_a_link_is_whole() -> None:
    """Its characters survive, those that Markdown would read are encoded."""
    link = "https://h/a_b/*c*?x=1&y=2&copy;=3#/r(1)<2>`|"
    text = markdown_text([details(node("n", "failed", details={"report-url": link}))], VIEW)
    (href,) = [token.attrs["href"] for token in _tokens(text) if token.type == "link_open"]
    assert href == "https://h/a_b/%2Ac%2A?x=1&y=2&copy;=3#/r%281%29%3C2%3E%60%7C"
    assert [len(row) for row in _cells(text)] == [5, 5]


def test_causes_are_one_block() -> None:
    """Their lines are in a fence that no line can end."""
    job = details(node("n", "failed", "no"))
    why = ("8 nodes  Exec[x]", "```", "# head", "@admin <b>", "````` five")
    text = markdown_text([JobDetails(job.ref, job.job, job.nodes, why=Why({}, why, ({},)))], VIEW)
    (block,) = [token for token in PARSER.parse(text) if token.type == "fence"]
    assert block.content.splitlines() == list(why)


def test_a_job_without_failures_has_no_causes() -> None:
    """That nothing went wrong needs no block of its own."""
    job = details(node("n"), state="finished")
    assert "Causes" not in markdown_text([JobDetails(job.ref, job.job, job.nodes, why=Why({}, ["fine"], ()))], VIEW)


def test_a_long_document_is_cut() -> None:
    """At most 900 kB; the last line says that it was cut, and the table before it is whole."""
    nodes = [node(f"node{number}.example.com", "failed", "ü" * 200) for number in range(5000)]
    text = markdown_text([details(*nodes)], VIEW)
    assert 890_000 < len(text.encode()) <= markdown.LONGEST
    last = text.splitlines()[-1]
    assert re.fullmatch(r"_Cut at 900 kB: [0-9]+ more lines\._", last)
    rows = _cells(text)
    assert {len(row) for row in rows} == {5}
    assert len(rows) - 1 + int(last.split()[4]) >= 5000
