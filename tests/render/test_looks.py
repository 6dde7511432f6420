"""How events and states look: word, symbol, whether it is a failure."""

from typing import Any

import pytest
from support.events import event_of

from jobevents_cli.model.event import EVENT_TYPES, Event
from jobevents_cli.render.looks import KNOWN, LOOKS, STATUS_COLUMNS, SYMBOLS, look_of, look_of_state


def _event(kind: str, **detail: Any) -> Event:
    return event_of({"type": kind, "details": {"node": "a", "detail": detail}})


def test_every_documented_type_has_a_look() -> None:
    """No documented type is shown as an unknown one, and the column of statuses has room for each."""
    assert set(LOOKS) == set(EVENT_TYPES)
    assert all(len(look.status) <= STATUS_COLUMNS and look.symbol in SYMBOLS and look.ascii.isascii() for look in KNOWN)


@pytest.mark.parametrize(
    ("detail", "text", "is_failure"),
    [
        ({}, "✔ finished", False),
        ({"status": "unchanged"}, "✔ finished", False),
        ({"exit_code": 0}, "✔ finished", False),
        ({"exit_code": 23}, "✘ finished", True),
        ({"_error": {"msg": "no"}, "status": "changed"}, "✘ finished", True),
    ],
)
def test_a_finished_node_may_look_failed(detail: dict[str, Any], text: str, is_failure: bool) -> None:  # noqa: FBT001
    """A node whose command failed is marked as a failure although the orchestrator calls it finished."""
    look = look_of(_event("node_finished", **detail))
    assert (look.text(symbols=True), look.is_failure) == (text, is_failure)


def test_a_change_stands_out() -> None:
    """A node that Puppet changed has the same word as one it left alone, but another style."""
    changed, unchanged = (look_of(_event("node_finished", status=status)) for status in ("changed", "unchanged"))
    assert changed.status == unchanged.status
    assert changed.style != unchanged.style


def test_unknown_types_and_states_are_shown_escaped() -> None:
    """What a newer server sends is shown by its own name, never as control characters."""
    assert look_of(_event("node_\x1b[2J")).text(symbols=True) == "• node_\\x1b[2J"
    assert look_of(event_of({})).text(symbols=False) == "- unknown"
    assert look_of_state("zombie\x1b").text(symbols=True) == "• zombie\\x1b"
    assert look_of_state("").status == "unknown"
    assert look_of_state("errored").text(symbols=True) == "‼ errored"
    assert look_of_state("stopped").text(symbols=True) == "■ stopped"
