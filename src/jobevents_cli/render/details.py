"""What an event tells beside its message: what Puppet did, why a node failed, where the report is.

Shapes of `details.detail`: PE 2021.7 manual, "GET /jobs/:job-id/nodes" (`result`), and recorded answers. Any of
it may be missing, and `noop`, `_error` and `error` come in several shapes.
"""

from collections.abc import Mapping
from typing import Any, Final

from jobevents_cli.model.event import Event
from jobevents_cli.model.json_values import as_mapping, as_text

_LONGEST_OUTPUT: Final = 200


_EXTRAS: Final = (
    ("changed", "changed"),
    ("failed", "failed"),
    ("failed_to_restart", "failed to restart"),
    ("corrective_change", "corrective"),
)


def story(event: Event) -> str:
    """What the node did or why it failed, in a few words; empty where the event does not tell."""
    detail = event.detail
    if not detail:
        return ""
    if event.type == "node_running":
        return _noop(detail)
    told = _puppet_run(detail)
    if event.type == "node_finished" and told:
        return told
    reason = _reason(detail)
    if not reason or reason in event.message:
        return told
    return f"{told}; {reason}" if told else reason


def report_link(event: Event) -> str:
    """The address of the node's report in the console, as the server gave it; empty where there is none."""
    return as_text(event.detail.get("report-url"))


def _puppet_run(detail: Mapping[str, Any]) -> str:
    status = as_text(detail.get("status"))
    if not status:
        return _task_output(detail)
    metrics = as_mapping(detail.get("metrics"))
    total = _count(metrics, "total")
    counted = "failed" if status == "failed" else "changed"
    if count := _count(metrics, counted):
        status += f" {count} of {total} resources" if total else f" {count} resources"
    elif total:
        status += f", {total} resources"
    for key, word in _EXTRAS:
        more = metrics.get(key)
        if more and key != counted and type(more) is int:
            status += f", {more} {word}"
    if noop := _noop(detail):
        status += f", {noop}"
        if out_of_sync := _count(metrics, "out_of_sync"):
            status += f", {out_of_sync} would change"
    return status


def _noop(detail: Mapping[str, Any]) -> str:
    """`noop` is a boolean in recorded answers and an object in newer manuals."""
    noop = detail.get("noop")
    if isinstance(noop, dict):
        noop = noop.get("noop")
    return "noop" if noop is True else ""


def _task_output(detail: Mapping[str, Any]) -> str:
    output = as_text(detail.get("_output")) or as_text(detail.get("output"))
    output = output.strip()
    if len(output) > _LONGEST_OUTPUT:
        output = output[:_LONGEST_OUTPUT] + "..."
    return output


def _reason(detail: Mapping[str, Any]) -> str:
    for key in ("_error", "error", "msg", "message"):
        value = detail.get(key)
        text = as_text(value) or as_text(as_mapping(value).get("msg"))
        if text.strip():
            return text.strip()
    return ""


def _count(metrics: Mapping[str, Any], key: str) -> int:
    value = metrics.get(key)
    return value if type(value) is int else 0
