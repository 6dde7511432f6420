"""Detects that a server's event ids went back: a stale copy answers, or the database was restored from a backup."""

from collections.abc import Sequence
from enum import Enum

from jobevents_cli.following.position import Page
from jobevents_cli.model.event import Event


class Age(Enum):
    """How a page compares with what was there before."""

    CURRENT = "current"
    BEHIND = "behind"
    """It lacks events that were there: perhaps a stale copy answered."""
    RESTORED = "restored"
    """Pages have lacked them for longer than the settle time: the server has gone back for good."""


class RestoreDetector:
    """Compares each page with what was handled before.

    After a restore, ids are used a second time: handled events are then recognized by their timestamps.
    """

    def __init__(self, first: int, settle: float, newest_timestamp: str = "") -> None:
        """*first* is the id after which following begins. *newest_timestamp* is what an earlier run handled last.

        Pages that lack known events for *settle* seconds mean that the server was restored.
        """
        self.first = first
        self.newest_timestamp = newest_timestamp
        self._settle = settle
        self._echoes = False
        self._behind_since: float | None = None
        self._ignore_until = ""

    def accept(self, events: Sequence[Event]) -> Sequence[Event]:
        """Those of *events*, new by their ids, that were not handled before a restore."""
        if self._ignore_until:
            events = [event for event in events if event.timestamp > self._ignore_until]
        if events:
            self.newest_timestamp = max(self.newest_timestamp, events[-1].timestamp)
        return events

    def check(self, page: Page, highest: int, now: float) -> Age:
        """How *page*, complete at *now*, compares with *highest*, the highest id handled.

        Servers that include `start` itself must send it again; from others an empty page means nothing.
        """
        self._echoes = self._echoes or page.echoes
        is_expected = self._echoes or page.start < highest or page.highest >= 0
        if page.highest >= highest or highest == self.first or not is_expected:
            self._behind_since = None
            return Age.CURRENT
        if self._behind_since is None:
            self._behind_since = now
        if now - self._behind_since <= self._settle:
            return Age.BEHIND
        self._behind_since = None
        self._echoes = False
        self._ignore_until = self.newest_timestamp
        return Age.RESTORED
