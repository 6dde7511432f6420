"""One outage, however many requests fail; limits that depend on whether the server has ever answered."""

import pytest

from jobevents_cli.errors import RequestRefused, TransientFault, UnknownJob
from jobevents_cli.following.contact import ANSWER_LIMIT, FIRST_ANSWER_LIMIT, Contact
from jobevents_cli.following.notices import ContactBack, ContactLost, Notice, WaitingForJob
from jobevents_cli.following.schedule import Stream

CUT = TransientFault("cut off")


def _contact(said: list[Notice], *, wait_for: float = 0.0) -> Contact:
    return Contact(60, wait_for, lambda: 0.5, said.append)


def test_a_request_has_10_seconds_at_first_and_30_once_the_server_answered() -> None:
    """A silent server is given up after 10 s; one that has answered before may take 30 s."""
    contact = _contact([])
    assert contact.begin_request(100) == FIRST_ANSWER_LIMIT == 10
    assert contact.requested_at == 100
    contact.progress(Stream.EVENTS, 101)
    assert contact.begin_request(102) == ANSWER_LIMIT == 30


def test_a_good_answer_on_one_stream_is_contact_for_both() -> None:
    """Once events came, a fault of the job's state is retried for as long as any outage."""
    said: list[Notice] = []
    contact = _contact(said)
    assert not contact.had_contact
    contact.begin_request(100)
    contact.good(Stream.EVENTS, 100)
    assert contact.had_contact
    assert contact.retry(Stream.JOB, CUT, 130, pause=1) == 0.5
    assert said == [ContactLost("cut off", 60, had_contact=True)]


def test_both_streams_failing_is_one_outage() -> None:
    """It is reported once; contact is back when both streams work."""
    said: list[Notice] = []
    contact = _contact(said)
    contact.good(Stream.EVENTS, 100)
    contact.begin_request(110)
    contact.retry(Stream.EVENTS, CUT, 110, pause=1)
    contact.retry(Stream.JOB, CUT, 111, pause=1)
    assert contact.is_lost
    assert len(said) == 1
    contact.good(Stream.EVENTS, 115)
    assert (contact.is_failing(Stream.EVENTS), contact.is_failing(Stream.JOB)) == (False, True)
    assert len(said) == 1
    contact.good(Stream.JOB, 117)
    assert said[1:] == [ContactBack(7)]
    assert not contact.is_lost


def test_the_notice_names_no_more_time_than_the_caller_has() -> None:
    """Where following ends sooner than the retries would, the notice says so."""
    said: list[Notice] = []
    contact = _contact(said)
    contact.good(Stream.EVENTS, 100)
    contact.retry(Stream.EVENTS, CUT, 101, pause=1, at_most=15)
    assert said == [ContactLost("cut off", 15, had_contact=True)]


def test_a_final_fault_is_not_repeated() -> None:
    """There is no use in repeating a request that was refused."""
    assert _contact([]).retry(Stream.EVENTS, RequestRefused("400"), 100, pause=1) is None


def test_a_job_that_does_not_exist_yet_is_waited_for() -> None:
    """`--wait`: polls at the usual pace, one notice, and an end when the time is over."""
    said: list[Notice] = []
    contact = _contact(said, wait_for=10)
    unknown = UnknownJob("no such job")
    contact.begin_request(100)
    assert contact.retry(Stream.EVENTS, unknown, 101, pause=4) == 4
    contact.begin_request(107)
    assert contact.retry(Stream.EVENTS, unknown, 107, pause=4) == 3
    assert contact.retry(Stream.EVENTS, unknown, 110, pause=4) is None
    assert said == [WaitingForJob(10)]


@pytest.mark.parametrize("asks", [True, False])
def test_without_wait_an_unknown_job_is_final(*, asks: bool) -> None:
    """A job that does not exist ends following at once; a job that vanished later, too."""
    contact = _contact([])
    if asks:
        contact.begin_request(100)
    assert contact.retry(Stream.EVENTS, UnknownJob("no such job"), 100, pause=1) is None
    contact.good(Stream.EVENTS, 101)
    assert contact.retry(Stream.EVENTS, UnknownJob("no such job"), 102, pause=1) is None
