"""A node of a job as the orchestrator describes it, read tolerantly."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jobevents_cli.model.json_text import encoded
from jobevents_cli.model.json_values import as_count, as_mapping, as_seconds, as_text
from jobevents_cli.model.timestamps import parse_timestamp, seconds_of


class Node:
    """A node as `GET /jobs/:job-id/nodes` describes it."""

    __slots__ = ("_text", "name", "raw", "state")

    def __init__(self, raw: Mapping[str, Any], text: bytes | None = None) -> None:
        """*raw* is the parsed element of the list, *text* its own compact JSON."""
        self.raw = raw
        self._text = text
        self.name = as_text(raw.get("name"))
        self.state = as_text(raw.get("state"))

    def __repr__(self) -> str:
        return f"<Node {self.name or 'without name'} {self.state or 'without state'}>"

    @property
    def text(self) -> bytes:
        """The element as compact JSON, spelled as it came."""
        return encoded(self.raw) if self._text is None else self._text

    @property
    def result(self) -> Any:
        """What the node reported: a run's status and metrics, a task's output, an error; null if it was skipped.

        Nodes of PE 2016 have a run's metrics among their details, and no status.
        """
        result = self.raw.get("result")
        if result is None and type(self.details.get("metrics")) is dict:
            return {"status": self._run_status, **{key: self.details[key] for key in self.details if key != "message"}}
        return result

    @property
    def _run_status(self) -> str:
        if self.state != "finished":
            return self.state
        return "changed" if as_count(self.details["metrics"].get("changed")) else "unchanged"

    @property
    def details(self) -> Mapping[str, Any]:
        """The message of the node's last event, and a run's report link."""
        return as_mapping(self.raw.get("details"))

    @property
    def transaction_uuid(self) -> str:
        """What names the node's Puppet run in its report; empty for tasks."""
        return as_text(self.raw.get("transaction_uuid"))

    @property
    def started_at(self) -> float | None:
        """When the node started, in seconds since 1970, by the orchestrator's clock."""
        return seconds_of(self.raw.get("start_timestamp"))

    @property
    def finished_at(self) -> float | None:
        """When the node ended, in seconds since 1970, by the orchestrator's clock."""
        return seconds_of(self.raw.get("finish_timestamp"))

    @property
    def start_time(self) -> datetime | None:
        """When the node started, with its zone."""
        return parse_timestamp(as_text(self.raw.get("start_timestamp")))

    @property
    def end_time(self) -> datetime | None:
        """When the node ended, with its zone."""
        return parse_timestamp(as_text(self.raw.get("finish_timestamp")))

    def seconds(self, now: float) -> float | None:
        """Seconds the node took, or has taken until *now*, the orchestrator's clock; None if it did not start."""
        duration = as_seconds(self.raw.get("duration"))
        if duration is not None:
            return duration
        started = self.started_at
        return None if started is None else max(0.0, (self.finished_at or now) - started)

    @property
    def detail(self) -> Mapping[str, Any]:
        """The result if it is an object, with the address of the run's report: what the node's last event has."""
        result = as_mapping(self.result)
        link = self.details.get("report-url")
        return result if link is None or "report-url" in result else {**result, "report-url": link}

    @property
    def message(self) -> str:
        """The message of the node's last event."""
        return as_text(self.details.get("message")).strip()

    @property
    def report_link(self) -> str:
        """The address of the run's report in the console as the server sent it; empty if there is none."""
        return as_text(self.detail.get("report-url"))
