"""A signal waits until the loop has finished its work; a second one does not."""

import signal
from collections.abc import Iterator

import pytest

from jobevents_cli.runtime.deferred_signals import DeferredSignals

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="these signals are not on Windows")


class _Ended(Exception):
    """What the usual handler of SIGTERM raises here."""


def _end(_number: int, _frame: object) -> None:
    raise _Ended


@pytest.fixture(name="signals")
def _signals() -> Iterator[DeferredSignals]:
    """Signals that are deferred, where SIGTERM raises _Ended and SIGHUP is ignored otherwise."""
    before = signal.signal(signal.SIGTERM, _end), signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        signals = DeferredSignals()
        with signals.installed():
            yield signals
        assert signal.getsignal(signal.SIGTERM) is _end
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGHUP, before[1])


def test_a_signal_is_obeyed_when_the_loop_says_so(signals: DeferredSignals) -> None:
    """Until then it only is pending."""
    signals.obey()
    signal.raise_signal(signal.SIGTERM)
    assert signals.is_pending
    with pytest.raises(_Ended):
        signals.obey()


def test_a_second_signal_ends_the_program_at_once(signals: DeferredSignals) -> None:
    """Whoever asks twice does not want to wait."""
    signal.raise_signal(signal.SIGTERM)
    assert signals.is_pending
    with pytest.raises(_Ended):
        signal.raise_signal(signal.SIGTERM)


def test_an_ignored_signal_stays_ignored(signals: DeferredSignals) -> None:
    """As under nohup."""
    signal.raise_signal(signal.SIGHUP)
    assert not signals.is_pending


def test_a_request_for_status_is_taken_once(signals: DeferredSignals) -> None:
    """SIGUSR1 ends nothing."""
    signal.raise_signal(signal.SIGUSR1)
    assert [signals.take_stats_request(), signals.take_stats_request()] == [True, False]
    assert not signals.is_pending
