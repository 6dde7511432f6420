"""What happened, from an event's fields: what a Puppet run changed, what a task printed, why a node failed.

The shapes of `details.detail` are those of a node's result, see `model/node_result.py`.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from jobevents_cli.model.event import CLOSING_STATES, JOB_FINISHED, NODE_FINISHED, NODE_RUNNING, Event
from jobevents_cli.model.json_values import as_text
from jobevents_cli.model.node_result import MOST_DIGITS, RUN_STATUSES, has_error, is_noop, reason_of, stdout_of
from jobevents_cli.model.telling_line import lines_of, telling_line

_ENOUGH: Final = 200
"""Characters of a task's own values after which no further one is shown."""

_EXTRAS: Final = (
    ("changed", "changed"),
    ("failed", "failed"),
    ("failed_to_restart", "failed to restart"),
    ("corrective_change", "corrective"),
)


def what_happened(event: Event) -> str:
    """Return what *event* reports beside its status and node, on one line, not yet escaped.

    The message is returned where the fields say less than it does.
    """
    if event.type == NODE_RUNNING and event.node:
        return "noop" if is_noop(event.detail.get("noop")) else ""
    if event.type == JOB_FINISHED:
        return ""  # its message says "finished", of a job that failed too
    # Most nodes finish with counts: then the message is not parsed.
    if event.type == NODE_FINISHED and (found := _result(event.detail, failed=False)) is not None:
        return found
    return node_text(CLOSING_STATES.get(event.type, ""), event.detail, event.message)


def node_text(state: str, detail: Mapping[str, Any], message: str) -> str:
    """Return what happened on a node that ended in *state* with the result *detail*, as `what_happened` does."""
    match state:
        case "finished":
            found = _result(detail, failed=False)
            return message if found is None else found
        case "failed":
            return _result(detail, failed=True) or message
        case "errored" | "skipped":
            return _joined(message, _reason(detail))
        case _:
            return message


def report_link(event: Event) -> str:
    """Return the address of the node's report in the console as the server sent it; empty if there is none."""
    return as_text(event.detail.get("report-url"))


def output_of(detail: Mapping[str, Any], *, errors_first: bool = False) -> str:
    """Return what a task or command printed: stdout, or stderr if there is no stdout or *errors_first*."""
    texts = (stdout_of(detail).strip(), as_text(detail.get("stderr")).strip())
    return next(filter(None, reversed(texts) if errors_first else texts), "")


def count_of(value: object) -> int:
    """Return *value* if it is a plausible count, else 0: servers have sent negative and absurd ones."""
    return value if type(value) is int and 0 <= value < MOST_DIGITS else 0


def _result(detail: Mapping[str, Any], *, failed: bool) -> str | None:
    """Return what a node's result says; None if it says less than the message."""
    if not detail:
        return None
    run = _puppet_run(detail)
    has_own_error = "_error" in detail or "error" in detail or "exit_code" in detail or "msg" in detail
    if run is not None and not has_own_error:
        # A status alone does not say why a node failed.
        return None if failed and (run in RUN_STATUSES or detail.get("status") != "failed") else run
    reason = _reason(detail) if failed or has_error(detail) else ""
    if run is not None:
        return _joined(run, reason, "; ")
    if reason:
        return reason if failed else f"with an error: {reason}"
    if failed:
        return None
    lines = lines_of(output_of(detail)).lines
    return _with_count(lines[0], lines) if lines else _values(detail)


def _puppet_run(detail: Mapping[str, Any]) -> str | None:
    """Return what a Puppet run did; None if *detail* is not the result of one."""
    status = detail.get("status")
    metrics = detail.get("metrics")
    if type(status) is not str or not (status in RUN_STATUSES or type(metrics) is dict):
        return None
    counts: Mapping[str, Any] = metrics if type(metrics) is dict else {}
    total = count_of(counts.get("total"))
    counted = "failed" if status == "failed" else "changed"
    text = status
    if count := count_of(counts.get(counted)):
        text += f" {count} of {total}" if total else f" {count}"
    elif status == "failed" and not total:
        # Agents of 2016 leave the metrics of a failed run out: then nothing is known.
        return None if metrics is None else "no catalog was applied"
    for key, word in _EXTRAS:
        if counts.get(key) and key != counted and (more := count_of(counts[key])):
            text += f", {more} {word}"
    if is_noop(detail.get("noop")):
        text += f", noop: {count_of(counts.get('out_of_sync'))} would change"
    return text


def _reason(detail: Mapping[str, Any]) -> str:
    """Return why a node failed: the exit code, and the line that tells most of what is said about it and printed."""
    code, text, outputs = reason_of(detail)
    texts = [lines_of(said).lines for said in (text, *(output for _, output in outputs))]
    line = telling_line([line for lines in texts for line in lines])
    shown = next((_with_count(line, lines) for lines in texts if line in lines), "")
    if code is None:
        return shown
    return f"exit {code}: {shown}" if shown else f"exit {code}"


def _with_count(line: str, lines: Sequence[str]) -> str:
    """Return *line*, and how many other *lines* there are."""
    more = len(lines) - 1
    return f"{line.strip()} (+{more} {'line' if more == 1 else 'lines'})" if more > 0 else line.strip()


def _values(detail: Mapping[str, Any]) -> str:
    """Return a task's own values, the simple ones: `status: installed, version: 1.2`."""
    shown = []
    for key, value in detail.items():
        if key.startswith("_") or key in ("stdout", "stderr", "output", "exit_code"):
            continue
        if type(value) is str:
            lines = lines_of(value).lines
            shown.append(f"{key}: {_with_count(lines[0], lines) if lines else ''}")
        elif value is None or (isinstance(value, (int, float)) and abs(value) < MOST_DIGITS):
            shown.append(f"{key}: {json.dumps(value)}")
        if sum(map(len, shown)) > _ENOUGH:
            break
    return ", ".join(shown)


def _joined(text: str, more: str, between: str = ": ") -> str:
    """Return *text* and what *more* adds to it."""
    if not more or more in text:
        return text
    return f"{text}{between}{more}" if text else more
