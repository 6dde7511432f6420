"""Prints what updates bring: events to standard output, all else to standard error, a footer below."""

import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from jobevents_cli.following.filters import Filter
from jobevents_cli.following.notices import ContactBack, ContactLost
from jobevents_cli.following.position import Cursor
from jobevents_cli.following.update import Save, Update
from jobevents_cli.model.event import Event
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.outcome import Outcome
from jobevents_cli.model.progress import Progress
from jobevents_cli.output.capabilities import can_encode, encoding_of, is_terminal, wants_color, width_of
from jobevents_cli.output.notices import sentence
from jobevents_cli.output.screen import Screen
from jobevents_cli.output.streams import print_bytes, print_text
from jobevents_cli.render.escape import safe
from jobevents_cli.render.event_line import Line, TextLines
from jobevents_cli.render.footer import footer_lines
from jobevents_cli.render.json_line import JsonLines, encoded
from jobevents_cli.render.looks import SYMBOLS
from jobevents_cli.render.rows import Rows
from jobevents_cli.render.styles import Paint, colored, painted, plain
from jobevents_cli.render.summary import failure_lines, outcome_line
from jobevents_cli.render.times import TimeFormat, time_format


def print_lines(values: Iterable[Any] = (), *, text: str = "") -> None:
    """Print *text*, and each of *values* as a line of JSON."""
    print_text(text)
    on_terminal = is_terminal(sys.stdout)
    print_bytes(b"".join(encoded(value, on_terminal=on_terminal) + b"\n" for value in values))


def print_check(name: str, found: str, cure: str | None, *, is_good: bool | None, as_json: bool) -> None:
    """Print what one check found: a line, and one for the *cure* where there is one."""
    if as_json:
        print_lines([{"check": name, "ok": is_good, "found": found, "cure": cure}])
        return
    symbols = {True: "✔", False: "✘", None: "-"} if can_encode("✔✘", sys.stdout) else {True: "+", False: "x", None: "-"}
    cured = f"  {'':<13}  {safe(cure)}\n" if cure else ""
    print_lines(text=f"{symbols[is_good]} {name:<13}  {safe(found)}\n{cured}")


@dataclass(frozen=True, slots=True)
class Printing:
    """How events are printed: the options that `tail` and `list` share, and what a tail shows beside them."""

    wanted: Filter | None = None
    as_json: bool = False
    quiet: bool = False
    time: str | None = None
    color: str = "auto"
    footer: bool = False
    summary: bool = False
    several: bool = False
    waits_for_jobs: bool = False


@dataclass(slots=True)
class Place:
    """How far one job is printed."""

    ref: JobRef
    progress: Progress
    cursor: Cursor
    save: Save | None
    held: deque[Line] | None
    highest: int | None = None
    lost: ContactLost | None = None

    @property
    def how_to_go_on(self) -> str:
        """What to tell who wants to go on following this job."""
        command = f"jobevents tail {self.ref}"
        if self.save:
            command += " --resume"
        elif self.highest is not None:
            command += f" --start {self.highest + 1}"
        return f"{self.ref.label.capitalize()} itself goes on. To go on following it: {command}"


@dataclass(frozen=True, slots=True)
class Rendered:
    """An *update*, and for each of its events the line to print; None for one that a filter hides."""

    update: Update
    lines: tuple[Line | None, ...] = ()


class Printer:
    """Writes what updates bring, each flushed with its update."""

    def __init__(self, printing: Printing, server_time: Callable[[], float] = time.time) -> None:
        """Print as *printing* says; *server_time* is the orchestrator's clock, in seconds since 1970."""
        self._printing = printing
        self._server_time = server_time
        self._paint = _paint_for(printing.color, sys.stdout)
        self._text = None if printing.as_json else _text_lines(printing, self._paint)
        self._json = JsonLines(on_terminal=is_terminal(sys.stdout), tagged=printing.several)
        self._day = self._text.today if self._text else ""
        self.places: dict[JobRef, Place] = {}
        self._back: ContactBack | None = None
        self._footer_paint = _paint_for(printing.color, sys.stderr)
        self.screen = Screen(self._footer if printing.footer else None)

    def add(
        self, ref: JobRef, progress: Progress, cursor: Cursor, save: Save | None = None, *, last: int | None = None
    ) -> None:
        """Begin to print *ref*, from *cursor* on; of what there is now only the *last* events."""
        held = None if last is None else deque[Line](maxlen=last)
        self.places[ref] = Place(ref, progress, cursor, save, held)

    def render(self, update: Update) -> Rendered:
        """The *update* with the lines of its events.

        Runs where the updates are made: the thread that prints has then little to do but to write, and the two do
        not wait for each other.
        """
        if self._printing.quiet:
            return Rendered(update, (None,) * len(update.events))
        wanted = self._printing.wanted
        if self._text:
            self._text.know_jobs(self.places)
            self._text.know_nodes(event.node for event in update.events)
        line, ref = self._line, update.ref
        lines = (
            line(event, ref, took) if wanted is None or wanted(event) else None
            for event, took in zip(update.events, update.took, strict=True)
        )
        return Rendered(update, tuple(lines))

    def _line(self, event: Event, ref: JobRef, took: float | None) -> Line:
        return self._text.line(event, ref, took) if self._text else Line(self._json.line(event, ref.number))

    def _write(self, lines: Iterable[Line]) -> None:
        """Write *lines*, and a line with the date wherever that changes."""
        parts: list[bytes] = []
        for line in lines:
            if line.day and line.day != self._day and self._text:
                self._day = line.day
                parts.append(self._text.date_line(line.day))
            parts.append(line.data)
        self.screen.write(b"".join(parts))

    def take(self, rendered: Rendered) -> None:
        """Print what an update brings."""
        update = rendered.update
        place = self.places[update.ref]
        numbers = [event.id for event in update.events if event.id is not None]
        if numbers:
            place.highest = max(numbers) if place.highest is None else max(place.highest, *numbers)
        lines = [line for line in rendered.lines if line is not None]
        if place.held is not None:
            place.held.extend(lines)
        else:
            self._write(lines)
        if not lines and not self._printing.quiet:
            # What is not printed cannot tell that nobody reads: busy jobs behind a filter would go on for ever.
            self.screen.output.check_reader()
        if update.is_page_end:
            self.release(place)
        self.screen.flush()
        if update.cursor and place.save and place.held is None:
            place.cursor = update.cursor
            warning = place.save(update.cursor)
            if warning:
                self.say(f"Warning: {warning}")
        if not self._printing.quiet:
            self._tell(update, place)

    def _tell(self, update: Update, place: Place) -> None:
        """Say what *update* has for the reader beside events."""
        about = f"{update.ref.label}: " if self._printing.several else ""
        for notice in update.notices:
            if isinstance(notice, ContactBack):
                place.lost, self._back = None, notice
                self._tell_of_contact()
                continue
            if isinstance(notice, ContactLost):
                is_known = any(other.lost == notice for other in self.places.values())
                place.lost = notice
                if is_known:
                    continue
            self.say(f"jobevents: {about}{sentence(notice)}")

    def _tell_of_contact(self) -> None:
        """Say that contact is back once it is for all jobs: an outage of the orchestrator is one, not one a job."""
        if self._back and not any(place.lost for place in self.places.values()):
            self.say(f"jobevents: {sentence(self._back)}")
            self._back = None

    def cut_at_failure(self, rendered: Rendered) -> tuple[Rendered, Event | None]:
        """*rendered* up to its first event of a failed node, and that event; all of it and None if it has none.

        The cursor becomes that of what is left in.
        """
        update = rendered.update
        for number, event in enumerate(update.events, 1):
            if event.type in ("node_failed", "node_errored"):
                events, cursor = update.events[:number], update.cursor
                if cursor:
                    before = self.places[update.ref].cursor
                    ids = [event.id for event in events if event.id is not None]
                    counts = Counter(before.counts) + Counter(event.type for event in events)
                    cursor = replace(before, above=(*before.above, *ids), counts=dict(counts))
                cut = replace(update, events=events, took=update.took[:number], cursor=cursor)
                return Rendered(cut, rendered.lines[:number]), event
        return rendered, None

    def release(self, place: Place) -> None:
        """Print what is held back: it is as many as there will be."""
        held, place.held = place.held, None
        self._write(held or ())
        self.screen.flush()

    def say(self, text: str) -> None:
        """Say *text* on standard error."""
        self.screen.say(safe(text))

    def tick(self) -> None:
        """Look round while nothing comes: PipeClosed where nobody reads standard output any more."""
        if not self._printing.quiet:
            self.screen.output.check_reader()
            self.screen.refresh()

    def remove(self, ref: JobRef) -> Place:
        """Print *ref* no more; its part of the footer goes."""
        place = self.places.pop(ref)
        self._tell_of_contact()
        return place

    def close_job(self, ref: JobRef, outcome: Outcome | None) -> None:
        """Say how *ref* ended, where it did, and print it no more."""
        place = self.remove(ref)
        if not self._printing.summary or outcome is None:
            return
        paint = _paint_for(self._printing.color, sys.stderr)
        symbols = can_encode(SYMBOLS, sys.stderr)
        rest = f"jobevents list {ref} --failures"
        for line in (
            outcome_line(ref, outcome, place.progress, symbols=symbols),
            *failure_lines(place.progress, symbols=symbols, rest=rest),
        ):
            self.screen.say(painted(line, paint))

    def _footer(self, columns: int) -> list[str]:
        lines = footer_lines(
            [place.progress for place in self.places.values()],
            now=self._server_time(),
            columns=columns,
            symbols=can_encode(SYMBOLS, sys.stderr),
            waits_for_jobs=self._printing.waits_for_jobs,
        )
        return [painted(line, self._footer_paint) for line in lines]


def _paint_for(color: str, stream: object) -> Paint:
    return colored if wants_color(color, stream) else plain  # type: ignore[arg-type] # None where it is closed


def times_for(choice: str | None) -> TimeFormat | None:
    """How standard output shows times by the option's *choice*: local on a terminal, else UTC, by default."""
    on_terminal = is_terminal(sys.stdout)
    default = "local" if on_terminal else "utc"
    return time_format(choice or default, short=on_terminal, today=datetime.now().astimezone())


def _text_lines(printing: Printing, paint: Paint) -> TextLines:
    on_terminal = is_terminal(sys.stdout)
    time = times_for(printing.time)
    rows = None
    if on_terminal:
        has_links = printing.color != "never"
        rows = Rows(width_of(sys.stdout), paint=paint, links=has_links, has_time=time is not None)
    return TextLines(
        paint=paint,
        time=time,
        symbols=can_encode(SYMBOLS, sys.stdout),
        rows=rows,
        encoding=encoding_of(sys.stdout),
        tagged=printing.several,
    )
