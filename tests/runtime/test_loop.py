"""The loop: requests in threads, everything else in one."""

import math
import signal
import subprocess
import threading
import time
import weakref
from collections.abc import Callable, Iterator

import pytest
from support.program import wait_until
from support.script import Script

from jobevents_cli.errors import NoUsableAnswer, TimedOut, TransientFault, UnknownJob
from jobevents_cli.runtime.loop import Ask, Loop, Pause, Requests, Result
from jobevents_cli.runtime.retrying import retried

MakeLoop = Callable[..., Loop]


@pytest.fixture(name="loop_with")
def _loop_with() -> Iterator[MakeLoop]:
    """Makes loops that are closed when the test ends. They handle no signals: those are tested in other processes."""
    loops: list[Loop] = []

    def make(**options: float) -> Loop:
        loops.append(Loop(signals=False, **options))  # type: ignore[arg-type]
        return loops[-1]

    yield make
    for loop in loops:
        loop.close()


@pytest.fixture(name="loop")
def _loop(loop_with: MakeLoop) -> Loop:
    return loop_with()


class _Gate:
    """Work that waits until it is let go on."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.opened = threading.Event()

    def __call__(self) -> str:
        self.begun.set()
        assert self.opened.wait(20)
        return "done"


def _fail(error: BaseException) -> Callable[[], None]:
    def work() -> None:
        raise error

    return work


def test_what_requests_bring_comes_out(loop: Loop) -> None:
    """Each has its key and its value or error; after the last one the iteration ends."""
    error = UnknownJob("there is no job 1")
    loop.ask("good", lambda: 352)
    loop.ask(("bad", 1), _fail(error))
    assert sorted(loop, key=lambda result: str(result.key)) == [
        Result(("bad", 1), error=error),
        Result("good", 352),
    ]
    assert list(loop) == []


def test_requests_can_be_made_while_results_are_taken(loop: Loop) -> None:
    """The iteration goes on as long as there is something to wait for."""
    loop.ask(3, lambda: None)
    seen = []
    for result in loop:
        assert isinstance(result.key, int)
        seen.append(result.key)
        if result.key:
            loop.ask(result.key - 1, lambda: None)
    assert seen == [3, 2, 1, 0]


def test_requests_are_performed_in_few_threads(loop_with: MakeLoop) -> None:
    """As many as are needed, but no more than are allowed."""
    loop = loop_with(threads=3)
    gates = [_Gate() for _ in range(5)]
    threads = set()

    def work(gate: _Gate) -> Callable[[], str]:
        def perform() -> str:
            threads.add(threading.get_ident())
            return gate()

        return perform

    loop.ask("first", lambda: threads.add(threading.get_ident()))
    next(loop)
    loop.ask("second", lambda: threads.add(threading.get_ident()))
    next(loop)
    assert len(threads) == 1
    for number, gate in enumerate(gates):
        loop.ask(number, work(gate))
    loop.timer("look", loop.clock())
    next(loop)
    for gate in gates[:3]:
        assert gate.begun.wait(20)
    assert not gates[3].begun.wait(0.1)
    for gate in gates:
        gate.opened.set()
    assert {result.key for result in loop} == set(range(5))
    assert len(threads) == 3
    assert threading.get_ident() not in threads


def test_requests_and_timers_come_at_their_time(loop: Loop) -> None:
    """In the order of their times, and not before."""
    start = loop.clock()
    loop.timer("third", start + 0.3)
    loop.ask("second", lambda: loop.clock() - start, at=start + 0.2)
    loop.timer("first", start + 0.1)
    seen = []
    for result in loop:
        seen.append(result.key)
        assert loop.clock() - start >= 0.1 * len(seen)
        assert result.value is None or result.value >= 0.2
    assert seen == ["first", "second", "third"]


@pytest.mark.parametrize(("first", "second"), [(0.05, 0.2), (0.4, 0.1)])
def test_a_timer_replaces_an_earlier_one_of_its_key(loop: Loop, first: float, second: float) -> None:
    """It rings once, at its last time."""
    start = loop.clock()
    loop.timer("a", start + first)
    loop.timer("a", start + second)
    loop.timer("end", start + 0.5)
    assert next(loop) == Result("a")
    assert second <= loop.clock() - start < second + 0.2
    assert next(loop) == Result("end")
    loop.timer("a", 0)
    assert next(loop) == Result("a")


def test_a_timer_that_is_put_off_often_takes_no_room(loop: Loop) -> None:
    """The heap has one entry for it."""
    for number in range(1000):
        loop.timer("a", loop.clock() + 10 + number)
    assert len(loop._due) == 1  # noqa: SLF001 - memory is the behaviour


def test_nothing_comes_of_a_key_that_is_dropped(loop: Loop) -> None:
    """Neither from its timer, nor from requests, made or not, nor from what waits; and its generators are closed."""
    gate = _Gate()
    closed = []

    def wait() -> Requests[None]:
        try:
            yield Pause(0)
        finally:
            closed.append("generator")

    loop.ask("dropped", gate)
    loop.timer("kept", 0)
    assert next(loop) == Result("kept")
    assert gate.begun.wait(20)
    loop.timer("dropped", 0)
    loop.timer("kept", 0)
    assert next(loop) == Result("dropped")
    loop.timer("dropped", 0)
    loop.ask("dropped", lambda: None)
    loop.start("dropped", wait())
    loop.drop("dropped")
    gate.opened.set()
    assert closed == ["generator"]
    assert list(loop) == [Result("kept")]


def test_a_request_that_takes_too_long_is_given_up(loop: Loop) -> None:
    """It brings a fault that may pass, once; what it brings later is dropped. Other requests are made meanwhile."""
    gate = _Gate()
    loop.ask("slow", gate, limit=0.1)
    loop.ask("quick", lambda: 1)
    quick, slow = loop
    assert quick == Result("quick", 1)
    assert slow.key == "slow"
    assert isinstance(slow.error, TransientFault)
    gate.opened.set()
    loop.timer("later", loop.clock() + 0.1)
    assert list(loop) == [Result("later")]


def test_what_came_while_the_program_was_stopped_is_not_too_late(loop: Loop) -> None:
    """The limit is over, but the response is there."""
    loop.ask("quick", lambda: 1, limit=0.05)
    loop.timer("begun", 0)
    assert next(loop) == Result("begun")
    wait_until(lambda: not loop._inbox.empty())  # noqa: SLF001
    time.sleep(0.1)
    assert list(loop) == [Result("quick", 1)]


def test_the_limit_counts_from_when_a_request_is_made(loop: Loop) -> None:
    """Not from when it was due: a reader of standard output may have held up the loop for long."""
    loop.ask("late", lambda: 1, at=loop.clock() - 1000, limit=100)
    assert list(loop) == [Result("late", 1)]


def test_the_deadline_comes_before_results_that_wait(loop_with: MakeLoop) -> None:
    """TimedOut is raised by the iteration, by generators that run, and by `check`."""
    loop = loop_with(deadline=0.1)
    loop.timer("a", 0)
    loop.timer("b", 0)
    loop.timer("never", math.inf)
    assert next(loop) == Result("a")
    assert not loop.must_stop()
    loop.check()
    time.sleep(0.1)
    assert loop.must_stop()
    for action in (lambda: next(loop), loop.check, lambda: loop.run(_numbers())):
        with pytest.raises(TimedOut):
            action()


def test_the_deadline_ends_a_wait(loop_with: MakeLoop) -> None:
    """Nothing else has to happen."""
    loop = loop_with(deadline=0.1)
    loop.timer("never", math.inf)
    with pytest.raises(TimedOut):
        next(loop)


def _numbers() -> Requests[list[object]]:
    """Everything that a generator can ask for."""
    found: list[object] = [(yield Ask(lambda: 1))]
    yield Pause(0)
    try:
        yield Ask(_fail(UnknownJob("no job")))
    except UnknownJob as error:
        found.append(error.message)
    found.append((yield []))
    found.append((yield from _pair()))
    return found


def _pair() -> Requests[list[object]]:
    gate = _Gate()

    def second() -> int:
        gate.opened.set()
        return 2

    results = yield [Ask(gate), Ask(second), Ask(_fail(UnknownJob("3")))]
    return [result.value or result.error.message for result in results]


def test_a_generator_is_sent_what_it_asks_for(loop: Loop) -> None:
    """Values; errors are thrown in; several requests are made together, and their results keep their order."""
    expected = [1, "no job", [], ["done", 2, "3"]]
    assert loop.run(_numbers()) == expected
    loop.start("key", _numbers())
    assert list(loop) == [Result("key", expected)]


def test_what_a_generator_raises_is_its_result(loop: Loop) -> None:
    """`run` raises it, with the place where it happened."""
    error = NoUsableAnswer("a redirect")

    def fail() -> Requests[None]:
        yield Ask(_fail(error))

    loop.start("key", fail())
    assert list(loop) == [Result("key", error=error)]
    with pytest.raises(NoUsableAnswer) as caught:
        loop.run(fail())
    assert caught.traceback[-1].name == "work"


def test_a_defect_in_a_thread_is_raised_where_the_loop_runs(loop: Loop) -> None:
    """Whatever it is: nothing is lost in a thread."""

    def ask(error: BaseException) -> Requests[None]:
        yield Ask(_fail(error))

    for error in (ZeroDivisionError(), MemoryError()):
        with pytest.raises(type(error)):
            loop.run(ask(error))
    loop.ask("exit", _fail(SystemExit()))
    (result,) = loop
    assert isinstance(result.error, SystemExit)


def test_run_leaves_other_results_to_the_iteration(loop: Loop) -> None:
    """Nothing of them is lost."""
    loop.timer("timer", 0)
    loop.ask("request", lambda: 5)
    assert loop.run(_numbers())
    assert sorted(loop, key=lambda result: str(result.key)) == [Result("request", 5), Result("timer")]


@pytest.mark.parametrize("waits_for", ["a timer", "a request"])
def test_another_thread_can_close_the_loop(loop: Loop, waits_for: str) -> None:
    """The iteration ends at once, in its own thread; the threads for requests end with their requests."""
    gate, before = _Gate(), set(threading.enumerate())
    if waits_for == "a request":
        loop.ask("a", gate)
        loop.ask("b", gate)
    else:
        loop.timer("a", math.inf)
    found: list[object] = []
    taker = threading.Thread(target=lambda: found.append(list(loop)))
    taker.start()
    if waits_for == "a request":
        wait_until(lambda: len(set(threading.enumerate()) - before) == 3)
    loop.close()
    taker.join(20)
    assert found == [[]]
    assert not gate.opened.is_set()
    gate.opened.set()
    wait_until(lambda: not set(threading.enumerate()) - before, limit=20)


def test_a_large_response_is_not_kept(loop: Loop) -> None:
    """Once its taker has dropped it, neither the loop nor a thread holds it."""

    class Page:
        pass

    loop.ask("page", Page)
    page = weakref.ref(next(loop).value)
    assert page() is None


def test_few_threads_are_enough(loop_with: MakeLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that allows no more threads is an error only if there is none."""

    def refuse(_thread: object) -> None:
        raise RuntimeError("can't start new thread")

    loop = loop_with()
    loop.ask("first", lambda: None)
    next(loop)
    monkeypatch.setattr("threading.Thread.start", refuse)
    loop.ask("a", lambda: 1)
    loop.ask("b", lambda: 2)
    assert [result.value for result in loop] == [1, 2]
    with pytest.raises(RuntimeError):
        loop_with().run(_numbers())


WAITING = """
    import sys, time
    from jobevents_cli.errors import JobEventsError
    from jobevents_cli.runtime.loop import Loop
    loop = Loop()
    loop.timer("a", loop.clock() + 20)
    loop.ask("b", lambda: time.sleep(20))
    print("begun", file=sys.stderr, flush=True)
    try:
        next(loop)
    except JobEventsError as error:
        print(int(error.status), loop.must_stop(), file=sys.stderr, flush=True)
    {then}
"""

posix = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no such signals")


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_a_wait_at_once(name: str) -> None:
    """Interrupted says which status is due."""
    script = Script(WAITING.format(then=""))
    assert script.said() == "begun"
    before = time.monotonic()
    script.signal(signal.Signals[name])
    assert script.said() == f"{128 + signal.Signals[name]} True"
    assert time.monotonic() - before < 0.5
    assert script.finish() == (0, b"", "")


@posix
def test_a_second_signal_ends_the_program_at_once() -> None:
    """Though the program would go on, and whichever came first."""
    script = Script(WAITING.format(then="time.sleep(20)"))
    script.said()
    script.signal(signal.SIGTERM)
    assert script.said() == "143 True"
    time.sleep(0.3)
    before = time.monotonic()
    script.signal(signal.SIGINT)
    assert script.finish() == (130, b"", "")
    assert time.monotonic() - before < 0.5


@posix
def test_signals_at_the_same_moment_are_one() -> None:
    """`timeout` can send each signal twice, and so can a terminal that is closed: the way out is not cut short."""
    script = Script(WAITING.format(then="time.sleep(0.3); print('clean', file=sys.stderr)"))
    script.said()
    script.signal(signal.SIGTERM)
    assert script.said() == "143 True"
    script.signal(signal.SIGTERM)
    assert script.finish() == (0, b"", "clean\n")


@posix
def test_a_signal_that_is_ignored_stays_ignored() -> None:
    """As under nohup."""
    code = """
        import os, signal
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        from jobevents_cli.runtime.loop import Loop
        loop = Loop()
        os.kill(os.getpid(), signal.SIGHUP)
        loop.timer("a", 0)
        assert next(loop).key == "a" and not loop.must_stop()
    """
    assert Script(code).finish() == (0, b"", "")


@posix
def test_closing_restores_the_handlers() -> None:
    """Signals do what they did before the loop was made."""
    script = Script("""
        import signal
        from jobevents_cli.runtime.loop import Loop
        def before(number, frame): print("before")
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, before)
        loop = Loop()
        assert signal.getsignal(signal.SIGTERM) is not before
        loop.close()
        assert signal.getsignal(signal.SIGTERM) is before
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    """)
    assert script.finish() == (0, b"", "")


@posix
def test_process_1_of_a_container_ends_too() -> None:
    """The system lets no signal end it that has no handler: a second one ends it all the same."""
    unshare = ["unshare", "--user", "--map-root-user", "--pid", "--fork"]
    if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no containers can be made here")
    code = """
        import os, signal, time
        from jobevents_cli.runtime.loop import Loop
        assert os.getpid() == 1
        loop = Loop()
        signal.raise_signal(signal.SIGINT)
        time.sleep(0.3)
        signal.raise_signal(signal.SIGINT)
        time.sleep(20)
    """
    assert Script(code, within=unshare).finish() == (130, b"", "")


def test_a_request_is_repeated_until_it_works(loop: Loop) -> None:
    """A fault that may pass is retried for a while; others are raised at once."""
    faults = [TransientFault("refused"), TransientFault("reset")]

    def work() -> int:
        if faults:
            raise faults.pop()
        return 352

    assert loop.run(retried(work)) == 352
    assert not faults
    with pytest.raises(UnknownJob):
        loop.run(retried(_fail(UnknownJob("no job"))))


def test_a_request_is_not_repeated_for_ever(loop: Loop) -> None:
    """The last fault is raised once the time for retries is over."""
    before = time.monotonic()
    with pytest.raises(TransientFault, match="refused"):
        loop.run(retried(_fail(TransientFault("refused")), retry_for=0.3))
    assert 0.3 <= time.monotonic() - before < 2
