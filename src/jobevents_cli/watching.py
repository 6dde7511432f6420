"""Follows jobs in threads and prints what they bring: the side of the program that the user sees.

The threads do the waiting: a look-up, a connection or a slow answer never keeps the main thread from hearing a
signal, the end of `--timeout` or that the reader of standard output has gone.
"""

import queue
import random
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeVar

from jobevents_cli.backoff import FIRST_ANSWER_PATIENCE, Outage
from jobevents_cli.durations import format_duration
from jobevents_cli.errors import Interrupted, JobEventsError, PipeClosed, TimedOut
from jobevents_cli.events import Event
from jobevents_cli.exit_status import ExitStatus
from jobevents_cli.filters import Filter
from jobevents_cli.follower import Cursor, Follower
from jobevents_cli.render.json_lines import JsonLines
from jobevents_cli.render.lines import SYMBOLS, Painter, TextLines, plain
from jobevents_cli.render.text import safe
from jobevents_cli.render.times import time_format
from jobevents_cli.tailing import Orchestrator, Update, raw_answer, tail
from jobevents_cli.terminal import Output, can_encode, encoding_of, is_terminal, say, wants_color
from jobevents_cli.verdict import Ending

Item = TypeVar("Item")

TICK: Final = 0.25
"""Seconds after which the main thread looks round while nothing comes."""

_AHEAD: Final = 32
"""Updates that a follower may be ahead of the printing: memory stays bounded where the output is slow."""

_GO_ON: Final = frozenset(
    {
        ExitStatus.DENIED,
        ExitStatus.NO_ANSWER,
        ExitStatus.TIMED_OUT,
        ExitStatus.HUNG_UP,
        ExitStatus.INTERRUPTED,
        ExitStatus.TERMINATED,
    }
)
"""The ends after which following can go on later."""


def tell(text: str) -> None:
    """Say *text*, which may hold what a server said, on standard error."""
    say(safe(text))


def tell_error(error: JobEventsError) -> None:
    """The one place where an error becomes lines for the reader."""
    if isinstance(error, PipeClosed):
        return
    tell(f"{'Interrupted' if isinstance(error, Interrupted) else 'Error'}: {error.message}")
    if error.hint:
        tell(f"Hint: {error.hint}")
    if error.go_on:
        tell(error.go_on)


@dataclass(frozen=True, slots=True)
class Printing:
    """How events are printed: the options that `tail` and `list` share."""

    wanted: Filter | None = None
    last: int | None = None
    as_json: bool = False
    quiet: bool = False
    time: str | None = None
    color: str = "auto"


@dataclass(frozen=True, slots=True)
class _End:
    """What a thread sends last."""

    error: BaseException | None = None


class Printer:
    """Writes the events of updates to standard output, each flushed with its update."""

    def __init__(
        self, printing: Printing, cursor: Cursor, *, save: Callable[[Cursor], str | None] | None = None
    ) -> None:
        """Print as *printing* says, and *save* the cursor of what is printed, *cursor* at first."""
        self.cursor = cursor
        self._wanted = printing.wanted
        self._quiet = printing.quiet
        self._save = save
        self._output = Output()
        self._line = _renderer(printing)
        self._held = None if printing.last is None else deque[tuple[Event, int]](maxlen=printing.last)
        self.highest: int | None = None

    def take(self, update: Update) -> None:
        """Print what *update* brings."""
        for event in update.events:
            self._print(event, update.job_id)
        if update.is_page_end:
            self.release()
        self._output.flush()
        if update.cursor and self._save and self._held is None:
            self.cursor = update.cursor
            warning = self._save(update.cursor)
            if warning:
                tell(f"Warning: {warning}")
        if not self._quiet:
            for notice in update.notices:
                tell(f"jobevents: {notice}")

    def _print(self, event: Event, job_id: int) -> None:
        if event.id is not None:
            self.highest = event.id if self.highest is None else max(self.highest, event.id)
        if self._quiet or (self._wanted and not self._wanted(event)):
            return
        if self._held is not None:
            self._held.append((event, job_id))
        else:
            self._output.write(self._line(event, job_id))

    def release(self) -> None:
        """Print what is held back: it is as many as there will be."""
        held, self._held = self._held, None
        for event, job_id in held or ():
            self._output.write(self._line(event, job_id))
        self._output.flush()

    def check_reader(self) -> None:
        """PipeClosed where nobody reads standard output any more."""
        if not self._quiet:
            self._output.check_reader()


def _renderer(printing: Printing) -> Callable[[Event, int], bytes]:
    on_terminal = is_terminal(sys.stdout)
    if printing.as_json:
        return JsonLines(on_terminal=on_terminal).line
    return TextLines(
        paint=Painter() if wants_color(printing.color, sys.stdout) else plain,
        time=time_format(
            printing.time or ("local" if on_terminal else "utc"),
            short=on_terminal,
            today=datetime.now().astimezone(),
        ),
        symbols=can_encode(SYMBOLS, sys.stdout),
        links=on_terminal and printing.color != "never",
        encoding=encoding_of(sys.stdout),
    ).line


def from_thread(items: Callable[[], Iterator[Item]]) -> Iterator[Item | None]:
    """The *items* that another thread brings; None now and then while none comes. Raises what ended them."""
    arrivals: queue.Queue[Item | _End] = queue.Queue(_AHEAD)

    def run() -> None:
        end = _End()
        try:
            for item in items():
                arrivals.put(item)
        except BaseException as error:  # noqa: BLE001 - the main thread raises it
            end = _End(error)
        arrivals.put(end)

    threading.Thread(target=run, daemon=True).start()
    while True:
        try:
            arrived = arrivals.get(timeout=TICK)
        except queue.Empty:
            yield None
            continue
        if not isinstance(arrived, _End):
            yield arrived
        elif arrived.error:
            raise arrived.error
        else:
            return


def print_events(
    orchestrator: Orchestrator,
    job_id: int,
    follower: Follower,
    printing: Printing,
    *,
    timeout: float | None = None,
    fail_fast: bool = False,
    save: Callable[[Cursor], str | None] | None = None,
) -> Ending | None:
    """Print the events of *job_id* as *follower* and *printing* say; None where *fail_fast* ended it early.

    Raises TimedOut after *timeout* seconds. Whatever leaves the job unfinished tells how to go on.
    """

    def following() -> Iterator[Update]:
        return tail(
            orchestrator,
            job_id,
            follower,
            clock=time.monotonic,
            sleep=time.sleep,
            with_cursor=save is not None,
        )

    deadline = None if timeout is None else time.monotonic() + timeout
    printer = Printer(printing, follower.cursor, save=save)
    try:
        for update in from_thread(following):
            if update is None:
                printer.check_reader()
            else:
                failed = _cut_at_failure(update, printer.cursor) if fail_fast else None
                printer.take(update)
                if failed:
                    printer.release()
                    tell(f"jobevents: {failed.node} {failed.type.removeprefix('node_')}, so following ends here")
                    tell(_how_to_go_on(job_id, printer.highest, resume=save is not None))
                    return None
                if update.ending:
                    return update.ending
            if deadline is not None and timeout is not None and time.monotonic() >= deadline:
                raise TimedOut(f"job {job_id} had not ended after {format_duration(timeout)} (--timeout)")
    except JobEventsError as error:
        if error.status in _GO_ON:
            error.go_on = _how_to_go_on(job_id, printer.highest, resume=save is not None)
        if error.status is ExitStatus.NO_ANSWER:
            printer.release()
        raise
    raise AssertionError("following ended without an ending")


def _cut_at_failure(update: Update, before: Cursor) -> Event | None:
    """The first event of *update* that tells of a failed node; what comes after it is left out.

    The cursor is that of *before* with what is left in.
    """
    for number, event in enumerate(update.events):
        if event.type in ("node_failed", "node_errored"):
            del update.events[number + 1 :]
            if update.cursor:
                ids = [event.id for event in update.events if event.id is not None]
                counts = Counter(before.counts) + Counter(event.type for event in update.events)
                update.cursor = replace(before, above=(*before.above, *ids), counts=dict(counts))
            return event
    return None


def _how_to_go_on(job_id: int, highest: int | None, *, resume: bool) -> str:
    command = f"jobevents tail {job_id}"
    if resume:
        command += " --resume"
    elif highest is not None:
        command += f" --start {highest + 1}"
    return f"Job {job_id} itself goes on. To go on following it: {command}"


def print_raw(pieces: Callable[[], Iterator[bytes]]) -> None:
    """Print an answer as it comes, byte for byte."""
    output = Output()
    outage = Outage(FIRST_ANSWER_PATIENCE, random.random)
    for piece in from_thread(lambda: raw_answer(pieces, outage, clock=time.monotonic, sleep=time.sleep)):
        if piece is None:
            output.check_reader()
        else:
            output.write(piece)
            output.flush()
