"""How each type of event looks: its status in a word, its symbol, its style in the theme."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from jobevents_cli.model.event import NODE_FINISHED, Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.node_result import has_error
from jobevents_cli.render.escape import safe


@dataclass(frozen=True, slots=True, eq=False)  # compared by identity, which is quick
class Look:
    """How a type of event is shown; *ascii* is the symbol for an output that can show only ASCII."""

    status: str
    symbol: str
    ascii: str
    style: str
    is_failure: bool = False

    def mark(self, *, symbols: bool) -> str:
        """Return the symbol that the output can show."""
        return self.symbol if symbols else self.ascii

    def text(self, *, symbols: bool) -> str:
        """Return symbol and status."""
        return f"{self.mark(symbols=symbols)} {self.status}"


LOOKS: Final = {
    "node_running": Look("running", "▶", ">", "running"),
    "node_finished": Look("finished", "✔", "+", "finished"),
    "node_failed": Look("failed", "✘", "x", "failed", is_failure=True),
    "node_errored": Look("errored", "‼", "!", "failed", is_failure=True),
    "node_skipped": Look("skipped", "↷", "~", "skipped", is_failure=True),
    "job_stopping": Look("stopping", "■", "#", "stopping"),
    "job_aborted": Look("aborted", "■", "#", "failed"),
    "job_finished": Look("ended", "■", "#", "bold"),
    "task_start": Look("task", "◆", "*", "bold"),
    "script_start": Look("script", "◆", "*", "bold"),
    "command_start": Look("command", "◆", "*", "bold"),
    "upload_start": Look("upload", "◆", "*", "bold"),
    "wait_start": Look("wait", "◆", "*", "bold"),
    "apply_start": Look("apply", "◆", "*", "bold"),
    "apply_prep_start": Look("prepare", "◆", "*", "bold"),
    "out_message": Look("message", "◆", "*", "bold"),
    "plan_start": Look("plan", "◆", "*", "bold"),
    "plan_end": Look("plan", "◇", "-", ""),
    "plan_finished": Look("finished", "✔", "+", "changed"),
    "plan_failed": Look("failed", "✘", "x", "failed"),
}
"""The documented types. A job's end is just `ended`: only its outcome, not the type, says how."""

CHANGED: Final = Look("finished", "✔", "+", "changed")
"""A node on which Puppet changed something; its line also says so in words."""

FINISHED_WITH_ERROR: Final = Look("finished", "✘", "x", "failed", is_failure=True)
"""A node that the orchestrator calls finished although its command failed."""

_ENDS: Final = {
    "failed": Look("failed", "✘", "x", "failed"),
    "stopped": Look("stopped", "■", "#", "failed"),
    "aborted": Look("aborted", "■", "#", "failed"),
}
"""The states of jobs that look like no event."""

SYMBOLS: Final = "".join(dict.fromkeys(look.symbol for look in LOOKS.values())) + "•…━─·"
"""Every symbol that may be written; an output that cannot encode them gets ASCII."""

KNOWN: Final = (*LOOKS.values(), CHANGED, FINISHED_WITH_ERROR)
"""All looks of events except those of unknown types."""

JOB_STYLES: Final = tuple(f"job{number}" for number in range(8))
"""The styles of the theme that distinguish jobs."""

STATUS_COLUMNS: Final = max(len(look.status) for look in LOOKS.values())


def job_style(number: int) -> str:
    """Return the style that distinguishes job *number*."""
    return JOB_STYLES[number % len(JOB_STYLES)]


def look_of(event: Event) -> Look:
    """Return how *event* is shown."""
    if event.type == NODE_FINISHED:
        return look_of_node("finished", event.detail)
    return LOOKS.get(event.type) or Look(safe(event.type) or "unknown", "•", "-", "")


def look_of_node(state: str, detail: Mapping[str, Any], job: Job | None = None) -> Look:
    """Return how a node of *job* in *state* with the result *detail* is shown."""
    if state != "finished":
        return look_of_state(state)
    if has_error(detail, job_type=job.type if job else "", task=job.task if job else ""):
        return FINISHED_WITH_ERROR
    return CHANGED if detail.get("status") == "changed" else LOOKS[NODE_FINISHED]


def look_of_state(state: str) -> Look:
    """Return how a node or a job in *state* is shown."""
    return LOOKS.get(f"node_{state}") or _ENDS.get(state) or Look(safe(state) or "unknown", "•", "-", "")
