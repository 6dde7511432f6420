"""Events that came together in a response: parsed already, or as text of which only the ids were read."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, overload

from jobevents_cli.model.event import NODE_FINISHED, NODE_RUNNING, Event
from jobevents_cli.model.joined_lines import JoinedLines
from jobevents_cli.model.json_text import parsed

_ID_AT_END: Final = re.compile(r'"id":(?<=[{,]"id":)"?([0-9]{1,18})"?\}$', re.MULTILINE)
"""The id in the line of an event that has it at its end, as orchestrators write it. It cannot be within a string: the
quotes after `id` and before the digits begin or end one, whatever is before them."""

_SHOWN_ONCE: Final = (NODE_RUNNING, NODE_FINISHED)
"""Most events are of these types. Others are shown again: failures in the summary, the job's end in the last line."""


class UnreadEvents(Sequence[Event]):
    """Events of which only the ids were read: an event is parsed when it is taken out."""

    __slots__ = ("ids", "texts")

    def __init__(self, ids: Sequence[int], texts: JoinedLines[str]) -> None:
        """The events with these *ids*; *texts* has the compact source of each."""
        self.ids = ids
        self.texts = texts

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, place: int) -> Event: ...
    @overload
    def __getitem__(self, place: slice) -> list[Event]: ...
    def __getitem__(self, place: int | slice) -> Event | list[Event]:
        return _read(self.texts[place]) if isinstance(place, slice) else _read([self.texts[place]])[0]

    def __iter__(self) -> Iterator[Event]:
        return iter(self[:])


def events_in(elements: Iterable[tuple[Sequence[Any], Sequence[str] | None]]) -> Iterator[Sequence[Event]]:
    """Yield the events that are the *elements* of a list: values that came together, and the text of each.

    Where there are texts without values, the events stay unread if the id of each is found.
    """
    read: list[Event] = []
    for values, texts in elements:
        if values or texts is None:
            read += [Event(value, None, texts, place) for place, value in enumerate(values)]
            continue
        ids = _ID_AT_END.findall(texts.data) if isinstance(texts, JoinedLines) else []
        if isinstance(texts, JoinedLines) and len(ids) == len(texts):
            if read:
                yield read
                read = []
            yield UnreadEvents(list(map(int, ids)), texts)
        else:
            read += _read(texts)
    if read:
        yield read


def ids_of(events: Sequence[Event]) -> list[int | None]:
    """The id of each of *events*."""
    return list(events.ids) if isinstance(events, UnreadEvents) else [event.id for event in events]


def candidates(events: Sequence[Event], pattern: re.Pattern[str] | None) -> tuple[Sequence[int], Sequence[Event]]:
    """The places of those of *events* that a filter may let through, and these events.

    *pattern* is found in the JSON text of each that it lets through. Of events that are parsed already, and without a
    pattern, all may be let through. Of others only those found are parsed.
    """
    if pattern is None or not isinstance(events, UnreadEvents):
        return range(len(events)), events
    lines, found = events.texts.data, {}
    place = counted = 0
    for match in pattern.finditer(lines):
        at = match.start()
        place += lines.count("\n", counted, at)
        counted = at
        found[place] = lines[lines.rfind("\n", 0, at) + 1 : lines.index("\n", at)]
    return list(found), _read(list(found.values()))


def joined_texts_of(events: Sequence[Event]) -> JoinedLines[str] | None:
    """The texts that came together, if *events* are all that came with them, in that order; else None."""
    if isinstance(events, UnreadEvents):
        return events.texts
    texts = events[0]._together if events else None  # noqa: SLF001 - the two modules are one thing
    if not isinstance(texts, JoinedLines) or len(texts) != len(events):
        return None
    return texts if all(event._together is texts for event in events) else None  # noqa: SLF001 - as above


def drop_texts(events: Sequence[Event]) -> None:
    """Forget the texts of *events*, which take memory, unless there is nothing else of them."""
    if not isinstance(events, UnreadEvents):
        for event in events:
            event.drop_text()


def drop_contents(events: Sequence[Event]) -> None:
    """Forget what those of *events* say that are not shown again.

    The thread that parsed them is to call this: another one would first fetch all of it into its processor's cache.
    """
    for event in events:
        if event.type in _SHOWN_ONCE:
            event.drop_content()


def _read(texts: Sequence[str]) -> list[Event]:
    """The events whose compact sources are *texts*."""
    values = parsed(f"[{','.join(texts)}]")
    return [Event(value, text) for value, text in zip(values, texts, strict=True)]
