"""What a follower reports besides events: values, which the output turns into sentences."""

from dataclasses import dataclass
from typing import NamedTuple


class ContactLost(NamedTuple):
    """Requests fail, for *reason*. They are retried for up to *retry_for* seconds.

    *had_contact*: the orchestrator answered before.
    """

    reason: str
    retry_for: float
    had_contact: bool


class ContactBack(NamedTuple):
    """The orchestrator answers again, *after* so many seconds."""

    after: float


class WaitingForJob(NamedTuple):
    """The job does not exist yet; the follower waits up to *wait_for* seconds for it."""

    wait_for: float


class LateEventsNotRead(NamedTuple):
    """After the end, the poll for late events failed, for *reason*."""

    reason: str


class JobNotRead(NamedTuple):
    """After the end, the request for the job's own state failed, for *reason*."""

    reason: str


@dataclass(frozen=True, slots=True)  # without fields, a named tuple would equal any other
class PlanPending:
    """The plan job has not started yet; the follower waits for it."""


class PlanSilent(NamedTuple):
    """The plan's state is running, but for *seconds* it had no event and no running job.

    The Bolt that started it may have died: then it never ends.
    """

    seconds: float


Notice = ContactLost | ContactBack | WaitingForJob | LateEventsNotRead | JobNotRead | PlanPending | PlanSilent
