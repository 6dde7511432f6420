"""One event, one line of text: time, symbol and status, node, message."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from jobevents_cli.model.event import Event
from jobevents_cli.render.details import report_link, story
from jobevents_cli.render.escape import safe
from jobevents_cli.render.styles import Paint, plain
from jobevents_cli.render.times import TimeFormat


@dataclass(frozen=True, slots=True)
class Look:
    """How a type of event is shown."""

    status: str
    symbol: str
    ascii: str
    style: str


LOOKS: Final = {
    "node_running": Look("running", "▶", ">", "cyan"),
    "node_finished": Look("finished", "✔", "+", "green"),
    "node_failed": Look("failed", "✘", "x", "bold red"),
    "node_errored": Look("errored", "‼", "!", "bold magenta"),
    "node_skipped": Look("skipped", "↷", "~", "yellow"),
    "job_stopping": Look("stopping", "■", "#", "bold yellow"),
    "job_aborted": Look("aborted", "■", "#", "bold red"),
    "job_finished": Look("finished", "●", "*", "bold"),
}


CHANGED: Final = Look("finished", "✔", "+", "blue")
"""A node on which Puppet changed something stands out from those that were as they should be."""


SYMBOLS: Final = "".join(look.symbol for look in LOOKS.values()) + "•"


_WIDEST_NODE: Final = 40


_STATUS_WIDTH: Final = max(len(look.status) for look in LOOKS.values())


class TextLines:
    """Renders events as lines of text."""

    def __init__(
        self,
        *,
        paint: Paint = plain,
        time: TimeFormat | None,
        symbols: bool = True,
        links: bool = False,
        encoding: str = "utf-8",
        job_prefix: Callable[[int], str] | None = None,
    ) -> None:
        """*symbols*: the output can show more than ASCII. *links*: it is a terminal, where a link can be hidden."""
        self._paint = paint
        self._time = time
        self._symbols = symbols
        self._links = links
        self._encoding = encoding
        self._job_prefix = job_prefix
        self._node_width = 0
        self._last_time = ("", "")
        self._heads: dict[tuple[str, bool], str] = {}

    def line(self, event: Event, job_id: int) -> bytes:
        """The *event* of job *job_id* as one line."""
        changed = event.type == "node_finished" and event.detail.get("status") == "changed"
        node = self._node(event, job_id)
        self._node_width = max(self._node_width, min(len(node), _WIDEST_NODE))
        head = self._heads.get((event.type, changed)) or self._head(event.type, changed=changed)
        message, told = event.message, story(event)
        if told:
            message = f"{message} ({told})" if message else f"({told})"
        text = f"{head}  {node.ljust(self._node_width)}  {safe(message)}"
        if self._time:
            text = f"{self._shown_time(self._time, event.timestamp)}  {text}"
        link = report_link(event)
        if link:
            text = f"{text}  {self._link(link)}"
        if self._job_prefix:
            text = f"{self._job_prefix(job_id)}  {text}"
        return f"{text.rstrip()}\n".encode(self._encoding, "backslashreplace")

    def _head(self, kind: str, *, changed: bool) -> str:
        look = CHANGED if changed else LOOKS.get(kind) or Look(safe(kind) or "unknown", "•", "-", "")
        symbol = look.symbol if self._symbols else look.ascii
        head = self._paint(f"{symbol} {look.status:<{_STATUS_WIDTH}}", look.style)
        self._heads[kind, changed] = head
        return head

    def _shown_time(self, shown: TimeFormat, timestamp: str) -> str:
        """The painted time; the last one is kept, as many events share a second."""
        last = self._last_time  # several threads render: each reads what it found or made
        if timestamp != last[0] or not timestamp:
            last = self._last_time = (timestamp, self._paint(safe(shown(timestamp)), "dim"))
        return last[1]

    def _node(self, event: Event, job_id: int) -> str:
        if event.node:
            return safe(event.node)
        return f"job {job_id}" if event.type.startswith("job_") else "-"

    def _link(self, link: str) -> str:
        shown = safe(link)
        if not self._links or shown != link or not link.startswith(("https://", "http://")):
            return shown
        return f"\x1b]8;;{link}\x1b\\{self._paint('report', 'underline')}\x1b]8;;\x1b\\"
