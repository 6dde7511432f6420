"""What a plan's own events say, from their fields: they have no message. Results and parameters are never shown.

Shapes: PE 2021.7 manual, "GET /plan_jobs/:job-id/events"; `plan_failed` carries a Bolt error.
"""

import json

from jobevents_cli.model.event import Event
from jobevents_cli.model.json_values import as_id, as_text
from jobevents_cli.model.node_result import said_by
from jobevents_cli.model.plan import failed_targets


def plan_text(event: Event) -> str:
    """Return what *event*, one of a plan's own, says; an `out_message` with its line breaks; not yet escaped."""
    details = event.details
    match event.type:
        case "out_message":
            return _message(details.get("message"))
        case "plan_start":
            return as_text(details.get("plan"))
        case "plan_end":
            return f"end of {as_text(details.get('plan'))}".rstrip()
        case "plan_finished":
            return event.message
        case "plan_failed":
            return failure_text(details.get("result")) or event.message
        case _:
            number = as_id(details.get("job-id"))
            return event.message if number is None else f"job {number}"


def failure_text(error: object) -> str:
    """Return the message of a plan's *error* (a Bolt error, or a text) and the targets that failed."""
    text = said_by(error, with_kind=False)
    targets = ", ".join(failed_targets(error))
    return f"{text}: {targets}" if text and targets else text or targets


def _message(value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return "" if value is None else json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        return "…"
