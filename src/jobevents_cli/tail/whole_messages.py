"""The whole texts of a plan's messages: the list of its events cuts them off."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from jobevents_cli.clients.orchestrator import Orchestrator
from jobevents_cli.model.event import OUT_MESSAGE, Event
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.runtime.loop import Ask, Requests

_LONGEST_MESSAGE: Final = 1020
"""The list of a plan's events cuts messages off after 1,024 bytes, or before a character that would not fit."""


def is_cut(event: Event) -> bool:
    """Whether *event* may be a message that the list of events cuts off."""
    if event.type != OUT_MESSAGE or event.id is None:
        return False
    message = event.details.get("message")
    return isinstance(message, str) and len(message.encode("utf-8", "surrogatepass")) > _LONGEST_MESSAGE


def whole_messages(client: Orchestrator, ref: JobRef, events: Sequence[Event]) -> Requests[list[Event]]:
    """Return *events* of the plan *ref*, with the whole texts of those that are cut off.

    A message that the orchestrator does not give (GET /plan_jobs/ID/event/EVENT-ID) stays as it is.
    """
    cut = [place for place, event in enumerate(events) if is_cut(event)]
    asks = [Ask(partial(client.plan_event, ref.number, events[place].id or 0)) for place in cut]
    results = yield asks
    whole = list(events)
    for place, result in zip(cut, results, strict=True):
        if result.error is None:
            result.value.key = events[place].key
            whole[place] = result.value
    return whole
