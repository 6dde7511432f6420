"""The position in one job: which events were handled already, and where the next request starts.

Ids are database-wide, and an event can become visible after one with a higher id: two transactions. An id is
*settled* when a response has come that was requested at least a settle time after the id was first seen. Until then it
is *open*. `low` is the highest id up to which all is settled: every page is requested from there, and nothing older is
kept. That is right for both readings of `start` (servers include the event itself; the oldest manuals could be read
otherwise), and next-events is never needed: PE's manuals contradict each other on what it contains.

A page is what one poll brings. If a response breaks off, the next request continues after the last event received,
provided that what came was sorted; otherwise it starts at the same place again. The parts count as one page, requested
when the first one was. No part proves that the server sorts, so `low` moves only once a whole response came, or the
page was read a second time without news below it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import lt
from typing import Final, NamedTuple

from jobevents_cli.following.id_set import IdSet
from jobevents_cli.following.unordered import UnorderedEvents
from jobevents_cli.model.event import EVENT_TYPES, NODE_FINISHED, Event

WINDOW: Final = 10_000
"""Ids that stay open at most once a page is complete, and so the events that a server sends again at most."""


_NEVER: Final = float("inf")


class Cursor(NamedTuple):
    """A follower's position: all that another one needs to continue without loss or repetition."""

    low: int
    above: tuple[int, ...]
    """The ids above *low* that were handled."""
    counts: dict[str, int]
    """How many events of each type were handled."""
    newest_timestamp: str = ""
    unordered: tuple[int, ...] = ()
    """Digests of the handled events without a usable id."""
    changed: int = 0
    """How many nodes were changed, of those that finished."""

    def after(self, events: Iterable[Event]) -> "Cursor":
        """The cursor of a follower that has handled *events* too."""
        above, unordered = list(self.above), UnorderedEvents(self.unordered)
        counts, changed, newest = Counter(self.counts), self.changed, self.newest_timestamp
        for event in events:
            if event.id is None:
                unordered.add_next(event)
            else:
                above.append(event.id)
            if event.type in EVENT_TYPES:
                counts[event.type] += 1
            changed += event.type == NODE_FINISHED and event.detail.get("status") == "changed"
            newest = max(newest, event.timestamp)
        return Cursor(self.low, tuple(above), dict(counts), newest, unordered.known, changed)


@dataclass(slots=True, eq=False, repr=False)
class Page:
    """What is known about the page that is coming in."""

    requested_at: float
    start: int
    """The id that the latest request started from."""
    before: int
    """The highest id handled before the page."""
    is_joined: bool = False
    """The latest response continues an earlier one."""
    is_sorted: bool = True
    is_whole: bool = False
    echoes: bool = False
    """The server sent the event with the id *start* itself."""
    has_late: bool = False
    """The page brought a new id below *before*."""
    news: int = 0
    highest: int = -1
    last: int = -1
    """The id of the latest event."""
    lowest_new: float = _NEVER


class Position:
    """Each event is new once, whatever order a page has, wherever it is cut, and however often it is sent again."""

    def __init__(self, low: int = -1, above: Iterable[int] = (), unordered: Iterable[int] = ()) -> None:
        """Begin after the id *low*; the ids *above* it and the events *unordered* were handled by an earlier run."""
        self.low = low
        self._ids = IdSet(number for number in above if number > low)
        self.highest = max([low, *self._ids.last(1)])
        self.page: Page | None = None
        self.is_certain = True
        """Whether the last page cannot have skipped anything."""
        self._unordered = UnorderedEvents(unordered)
        self._open: list[tuple[float, float]] = []
        """For each page whose new ids are not settled: when they were first seen, and the lowest of them."""
        self._is_resumed = len(self._ids) > 0

    def begin_request(self, now: float) -> int:
        """The id to request events from at *now*."""
        page = self.page
        if page is None or page.is_whole:
            self.page = page = Page(requested_at=now, start=self.low, before=self.highest)
        else:
            page.is_joined = page.is_sorted and page.highest >= 0
            page.start = page.highest if page.is_joined else self.low
            page.last = -1
        if self._is_resumed:
            # It is not known when these ids were first seen: they settle anew.
            self._open.append((now, min(self._ids)))
            self._is_resumed = False
        self._unordered.begin_response()
        return page.start

    def accept(self, events: Sequence[Event]) -> Sequence[Event]:
        """The *events* of the current response that were not handled before; from now on they count as handled."""
        page = self.page
        if page is None:
            return []
        if (ids := _rising_ids(events)) and ids[0] > self.highest:
            self._add_rising(page, ids)
            page.last = ids[-1]
            page.news += len(events)
            return events
        news: list[Event] = []
        rising: list[int] = []  # ids above all before them, the common case: the set gets them together
        highest, last = self.highest, page.last
        for event in events:
            number = event.id
            if number is None:
                if self._unordered.add(event):
                    news.append(event)
                continue
            if number > highest:
                highest = number
                rising.append(number)
                news.append(event)
            else:
                self._add_rising(page, rising)
                rising = []
                page.is_sorted = page.is_sorted and number >= last
                if self._accept_below(page, number):
                    news.append(event)
            last = number
        self._add_rising(page, rising)
        page.last = last
        page.news += len(news)
        return news

    def _add_rising(self, page: Page, rising: list[int]) -> None:
        if rising:
            self._ids.extend(rising)
            self.highest = page.highest = rising[-1]
            page.lowest_new = min(page.lowest_new, rising[0])

    def _accept_below(self, page: Page, number: int) -> bool:
        """Note the id *number*, which is not above all others; whether it is new."""
        page.highest = max(page.highest, number)
        page.echoes = page.echoes or number == page.start
        if number <= self.low or not self._ids.add(number):
            return False
        page.lowest_new = min(page.lowest_new, number)
        page.has_late = page.has_late or number < page.before
        return True

    def cut_off(self, now: float) -> None:
        """Note that the current response broke off at *now*."""
        self._note_first_seen(now)

    def end_page(self, now: float) -> None:
        """Note that the current response came to its end at *now*, and with it the page."""
        page = self.page
        if page is None:
            return
        self._note_first_seen(now)
        page.is_whole = True
        was_read_twice = not self.is_certain and not page.has_late
        self.is_certain = not page.is_joined or was_read_twice

    def settle(self, seen_before: float) -> None:
        """Forget the ids first seen before *seen_before*, up to the first that was not, and what is over WINDOW."""
        if not self.is_certain:
            return
        self._open = [(seen_at, lowest) for seen_at, lowest in self._open if seen_at > seen_before]
        settled = self._ids.highest_below(min((lowest for _, lowest in self._open), default=_NEVER))
        self.low = max(self.low, -1 if settled is None else settled)
        if len(self._ids) > WINDOW:
            self.low = max(self.low, self._ids.last(WINDOW + 1)[0])
        self._ids.discard_up_to(self.low)

    def _note_first_seen(self, now: float) -> None:
        page = self.page
        if page is not None and page.lowest_new < _NEVER:
            self._open.append((now, page.lowest_new))
            page.lowest_new = _NEVER

    def handled(self) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
        """The low, the ids above it and the unordered events: together, everything handled so far.

        Amid a long page that is sorted so far, the low may be higher than that of the next request.
        """
        low, page = self.low, self.page
        may_shrink = self.is_certain and (page is None or (page.is_sorted and not page.is_joined))
        if may_shrink and len(self._ids) > WINDOW:
            low, *above = self._ids.last(WINDOW + 1)
            return low, tuple(above), self._unordered.known
        return low, tuple(self._ids), self._unordered.known

    @property
    def next_start(self) -> int | None:
        """The `start` with which another follower misses nothing of what comes after the events handled so far.

        Within a page that is not sorted, that is the page's own start. None means from the first event.
        """
        page = self.page
        is_amid = page is not None and not page.is_whole and not page.is_sorted
        after = page.before if page is not None and is_amid else self.highest
        return after + 1 if after >= 0 else None


def _rising_ids(events: Sequence[Event]) -> list[int]:
    """The ids of *events* if each has one and each is above the one before; else an empty list."""
    ids = [event.id for event in events]
    if None in ids or not all(map(lt, ids, ids[1:])):  # type: ignore[arg-type] # none of them is None
        return []
    return ids  # type: ignore[return-value] # none of them is None
