"""The position in one job: which events were handled already, and where the next request starts.

Ids are database-wide, and an event can become visible after one with a higher id: two transactions. Within the settle
time, then, a lower id may still come. An event is *settled* when that time has passed: between its own timestamp and
the response's Date, or between the moment when it was first seen and a request.

`low` is the highest id up to which all events are settled. Handled are all ids up to `low`, and those in `seen`. Every
request starts at `low`, and what was handled is dropped when it comes again. That is right for both readings of `start`
(servers include the event itself; the oldest manuals could be read otherwise), for pages in any order, and for late
events; `next-events` is never needed: PE's manuals contradict each other on what it contains.
"""

from collections.abc import Iterable
from typing import Final

from jobevents_cli.following.page import Page
from jobevents_cli.model.event import Event
from jobevents_cli.model.timestamps import seconds_of

SETTLE: Final = 3.0
"""Seconds within which an event may become visible under a lower id than one already seen."""

_WHOLE_SECOND: Final = 1.0
"""Timestamps and Date are cut to whole seconds, so their difference can be that much more than the true one."""

_DIGEST_BYTES: Final = 8

_NOT_YET: Final = float("-inf")


class Position:
    """A low id and a set: what was handled. Each event is new once, in whatever order and however often it comes."""

    def __init__(self, low: int = -1, seen: Iterable[int | str] = (), settle: float = SETTLE) -> None:
        """Begin after the id *low*; the events with the keys *seen* were handled by an earlier run.

        A key is an event's id, or a digest if it has none. Events settle in *settle* seconds.
        """
        self.low = low
        self.seen: set[int | str] = {key for key in seen if isinstance(key, str) or key > low}
        self.highest = max([low, *(key for key in self.seen if isinstance(key, int))])
        """The highest id that was taken or added."""
        self.requested_at = _NOT_YET
        """When the last page was requested."""
        self._settle = settle
        self._settled_until = _NOT_YET
        """What happened until then, by the server's clock, was settled when the last page was requested."""
        self._open: dict[int, float] = {}
        """The ids that are not settled, each with the time at which it was first seen."""

    def take(self, page: Page, requested_at: float, now: float) -> list[Event]:
        """The events of *page* that were not handled before, as they came; from now on they count as handled.

        Sets the `key` of every event. The page was requested at *requested_at* or later, and had come by *now*: it
        shows what was visible at the request.
        """
        if self.requested_at == _NOT_YET:
            # What an earlier run has seen was there before the first request of this one.
            self._open = dict.fromkeys((key for key in self.seen if isinstance(key, int)), requested_at)
        self.requested_at = requested_at
        if page.date is not None:
            self._settled_until = page.date - (now - requested_at) - self._settle - _WHOLE_SECOND
        low, seen = self.low, self.seen
        news: list[Event] = []
        equals: dict[str, int] = {}
        for event in page.events:
            number = event.id
            key = event.key = _digest(event, equals) if number is None else number
            if key not in seen and (number is None or number > low):
                seen.add(key)
                news.append(event)
        self.highest = max([self.highest, *[event.id for event in news if event.id is not None]])
        self._note_open(page.events, news, now)
        self.advance(self._settled_id())
        return news

    def _note_open(self, events: Iterable[Event], news: Iterable[Event], now: float) -> None:
        """Note which ids are not settled, after a page of *events*, of which *news* came for the first time."""
        was_settled = _SettledTimes(self._settled_until)
        for event in news:
            if event.id is not None and not was_settled[event.timestamp]:
                self._open[event.id] = now
        if self._open:
            settled = {event.id for event in events if was_settled[event.timestamp]}
            self._open = {
                number: at
                for number, at in self._open.items()
                if number not in settled and at + self._settle > self.requested_at
            }

    def _settled_id(self) -> int:
        """The highest id up to which all are settled."""
        if not self._open:
            return self.highest
        first = min(self._open)
        return max((key for key in self.seen if isinstance(key, int) and key < first), default=self.low)

    def is_settled(self, at: float | None, seen_at: float) -> bool:
        """Whether all events are settled that came before something that happened at *at* and was seen at *seen_at*.

        *at* is by the server's clock, in seconds since 1970; None if it is not known.
        """
        by_date = at is not None and at <= self._settled_until
        return not self._open and (by_date or seen_at + self._settle <= self.requested_at)

    def add(self, events: Iterable[Event]) -> None:
        """Note that *events* were handled, each of which has come in a page."""
        keys = [event.key for event in events]
        self.seen.update(keys)
        self.highest = max([self.highest, *(key for key in keys if isinstance(key, int))])

    def has(self, key: int | str) -> bool:
        """Whether the event with that *key* was handled."""
        return key in self.seen or (isinstance(key, int) and key <= self.low)

    def advance(self, low: int) -> None:
        """Note that everything up to the id *low* was handled."""
        if low > self.low:
            self.low = low
            self.seen = {key for key in self.seen if isinstance(key, str) or key > low}

    @property
    def start(self) -> int | None:
        """The `start` of the next request; None: from the job's first event."""
        return self.low if self.low >= 0 else None

    @property
    def next_start(self) -> int | None:
        """The `start` of a request for what comes after the events handled so far; None if there are none."""
        return self.highest + 1 if self.highest >= 0 else None

    def saved(self) -> tuple[int, list[int | str]]:
        """What another Position is made of that continues here: `low` and `seen`."""
        return self.low, list(self.seen)


class _SettledTimes(dict[str, bool]):
    """For each timestamp whether it is settled: many events share a second, and the same ones come again."""

    def __init__(self, until: float) -> None:
        super().__init__()
        self._until = until

    def __missing__(self, timestamp: str) -> bool:
        at = seconds_of(timestamp)
        is_settled = self[timestamp] = at is not None and at <= self._until
        return is_settled


def _digest(event: Event, equals: dict[str, int]) -> str:
    """The key of *event*, which has no id: its text, and how many equal ones came before it in the page (*equals*)."""
    from hashlib import blake2b  # rarely needed, and it slows the start

    digest = blake2b(event.text, digest_size=_DIGEST_BYTES).hexdigest()
    number = equals[digest] = equals.get(digest, -1) + 1
    return f"{digest}.{number}"
