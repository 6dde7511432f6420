"""Which events become lines, when, and in what form."""

import json

import pytest

from jobevents_cli.errors import TransientFault
from jobevents_cli.following.filters import event_filter
from jobevents_cli.following.update import Update
from jobevents_cli.model.event import Event, event_of
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.output.rendering import LineOptions, Renderer

CUT = "x" * 1024
WHOLE = "x" * 2000


class _Source:
    """Has the whole text of every message, or fails."""

    def __init__(self, *, is_broken: bool = False) -> None:
        self._is_broken = is_broken

    def plan_event(self, number: int, event_id: int) -> Event:  # noqa: ARG002 - the protocol's
        if self._is_broken:
            raise TransientFault("refused")
        return _message(event_id, WHOLE)


def _message(event_id: int, text: str) -> Event:
    return event_of({"id": event_id, "type": "out_message", "details": {"message": text}})


def _update(*types: str) -> Update:
    events = tuple(
        event_of({"id": number, "type": kind, "message": f"message {number}", "details": {"node": f"n{number}"}})
        for number, kind in enumerate(types, 1)
    )
    return Update(JobRef.job(352), events, (None,) * len(events))


@pytest.mark.parametrize("as_json", [True, False])
def test_an_event_that_is_not_wanted_has_no_line(*, as_json: bool) -> None:
    """The places of the others are those of their events."""
    options = LineOptions(wanted=event_filter(failures=True), as_json=as_json)
    rendered = Renderer(options).render(_update("node_running", "node_failed", "node_finished", "node_errored"))
    assert rendered.shown(4) == [1, 3]
    assert rendered.shown(2) == [1]
    assert [event.id for event in rendered.only([3]).update.events] == [4]


def test_in_json_an_event_is_a_line_with_what_was_received() -> None:
    """Its job is added only if each line is to name it."""
    update = _update("node_failed")
    (line,) = Renderer(LineOptions(as_json=True)).render(update).lines
    assert json.loads(line or b"") == update.events[0].raw
    (tagged,) = Renderer(LineOptions(as_json=True, tagged=True)).render(update).lines
    assert json.loads(tagged or b"").items() > update.events[0].raw.items()


def test_a_quiet_run_prints_no_event() -> None:
    """The update is returned all the same: it moves the position."""
    update = _update("node_failed", "job_finished")
    rendered = Renderer(LineOptions(quiet=True)).render(update)
    assert rendered.update == update
    assert not rendered.shown(2)


def test_a_plan_message_that_was_cut_off_is_completed() -> None:
    """It stays as it is if the orchestrator does not return it, and in JSON."""
    update = Update(JobRef.plan(12), (_message(1, "short"), _message(2, CUT)), (None, None))

    def completed(options: LineOptions, source: _Source) -> list[str]:
        events = Renderer(options).with_whole_messages(update, source).events
        return [event.details["message"] for event in events]

    assert completed(LineOptions(), _Source()) == ["short", WHOLE]
    assert completed(LineOptions(), _Source(is_broken=True)) == ["short", CUT]
    assert completed(LineOptions(as_json=True), _Source()) == ["short", CUT]
