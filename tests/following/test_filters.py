"""Which events are printed."""

import re
from typing import Any

import pytest
from support.events import event_of

from jobevents_cli.errors import UsageProblem
from jobevents_cli.following.filters import SHORT_TYPES, event_filter, node_filter
from jobevents_cli.model.event import FAILURE_TYPES, Event


def _event(kind: str = "node_finished", node: str = "web01", message: str = "All well ") -> Event:
    return event_of({"type": kind, "details": {"node": node} if node else {}, "message": message})


def _passes(event: Event, **options: Any) -> bool:
    chosen = event_filter(**options)
    assert chosen is not None
    return chosen(event)


def test_without_options_there_is_no_filter() -> None:
    """No option, no filter: nothing needs to be looked at."""
    assert event_filter() is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("failed", "node_failed"),
        ("aborted", "job_aborted"),
        ("task", "task_start"),
        ("message", "out_message"),
        ("node_failed", "node_failed"),
        ("of_the_future", "of_the_future"),
    ],
)
def test_types_have_short_names(name: str, kind: str) -> None:
    """`failed` means node_failed; any other text is a type as it is written, known or not."""
    assert _passes(_event(kind), types=["running", name])
    assert not _passes(_event("node_finished"), types=[name])


def test_no_short_name_is_a_type_itself() -> None:
    """A short name never hides a documented type."""
    assert not set(SHORT_TYPES) & set(SHORT_TYPES.values())


@pytest.mark.parametrize("kind", FAILURE_TYPES)
def test_failures(kind: str) -> None:
    """Errored and skipped nodes, a stopped and an aborted job and a failed plan are failures too."""
    assert _passes(_event(kind), failures=True)
    assert not _passes(_event("node_finished"), failures=True)


def test_a_node_that_finished_with_an_error_is_a_failure() -> None:
    """Of the type node_finished all the same."""
    details = {"node": "web01", "detail": {"_error": {"msg": "no"}}}
    event = event_of({"type": "node_finished", "details": details, "message": ""})
    assert _passes(event, failures=True)
    assert _passes(event, failures=True, types=["finished"])
    assert not _passes(event, failures=True, types=["failed"])


@pytest.mark.parametrize(
    ("glob", "passes"), [("web*", True), ("web??", True), ("WEB*", False), ("db*", False), ("eb01", False)]
)
def test_a_glob_matches_the_whole_certname(glob: str, *, passes: bool) -> None:
    """Certnames match as written; an event about no node matches no glob."""
    assert _passes(_event(), nodes=["other", glob]) is passes
    assert not _passes(_event(node=""), nodes=["*"])


def test_messages_match_anywhere() -> None:
    """One of several `--grep` is enough; none of several `--exclude` may match."""
    assert _passes(_event(), grep=["ill", "[wx]ell$"])
    assert not _passes(_event(), grep=["ill"])
    assert _passes(_event(), exclude=["ill", "sick"])
    assert not _passes(_event(), exclude=["ill", "well"])


def test_different_options_must_all_match() -> None:
    """A node that matches does not make up for a type that does not."""
    assert _passes(_event(), types=["finished"], nodes=["web*"], grep=["well"])
    assert not _passes(_event(), types=["failed"], nodes=["web*"])


def test_what_is_highlighted() -> None:
    """Only what `--grep` looks for."""
    both = event_filter(grep=["a"], exclude=["b"])
    plain = event_filter(nodes=["*"])
    assert both is not None
    assert plain is not None
    assert [pattern.pattern for pattern in both.grep] == ["a"]
    assert plain.grep == ()


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("(", "is not a regular expression"),
        ("a{99999999999999}", "cannot be compiled"),
        ("(" * 5000 + ")" * 5000, "cannot be compiled"),
        ("[[:digit:]]+", "POSIX class [:digit:]"),
        ("[^[:^space:]]", "POSIX class [:^space:]"),
    ],
)
@pytest.mark.parametrize("option", ["grep", "exclude"])
def test_expressions_that_cannot_be_used(option: str, pattern: str, said: str) -> None:
    """Each is a usage error that names the option; a long expression is not repeated whole."""
    options: dict[str, Any] = {option: [pattern]}
    with pytest.raises(UsageProblem, match=re.escape(said)) as caught:
        event_filter(**options)
    assert f"--{option} " in caught.value.message
    assert len(caught.value.message) < 200


def test_a_set_whose_meaning_may_change_is_no_warning() -> None:
    """`[[a]` means today what it meant yesterday; Python's FutureWarning stays out of sight."""
    assert _passes(_event(message="x[a"), grep=["[[a]{2}"])


def test_what_is_printed_can_be_found() -> None:
    """Many lines do not say what the message says: a pattern is looked for in both, each for itself."""
    found = {"printed": lambda event: f"changed 4 of 171 on {event.node}"}
    assert _passes(_event(), grep=["^changed"], **found)
    assert _passes(_event(), grep=["well$"], **found)
    assert not _passes(_event(), grep=["well.*changed", "171 on db"], **found)
    assert not _passes(_event(), exclude=["changed"], **found)
    assert not _passes(_event(), exclude=["well"], **found)


def test_a_node_may_be_named_by_its_first_label() -> None:
    """`web01` chooses web01.example.com, and no name that only begins so."""
    has_name = node_filter(["web01", "db*"])
    names = ["web01", "web01.example.com", "web011.example.com", "xweb01", "db1.example.com"]
    assert [name for name in names if has_name(name)] == ["web01", "web01.example.com", "db1.example.com"]
