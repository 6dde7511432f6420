"""The newest jobs are found page by page, whatever happens between two pages."""

import pytest

from jobevents_cli.errors import UnknownJob
from jobevents_cli.model.job import Job
from jobevents_cli.runtime.job_search import PAGE, Wanted, latest_job, newest_first, recent_jobs


class _Lister:
    """Lists jobs, newest first; *starting* more jobs start after each page."""

    def __init__(self, count: int, *, starting: int = 0, ignores_offset: bool = False) -> None:
        self._numbers = list(range(count, 0, -1))
        self._starting = starting
        self._ignores_offset = ignores_offset
        self.pages = 0

    def jobs(self, count: int, offset: int) -> list[Job]:
        """One page."""
        self.pages += 1
        begin = 0 if self._ignores_offset else offset
        page = [_job(number) for number in self._numbers[begin : begin + count]]
        newest = self._numbers[0] if self._numbers else 0
        self._numbers = [*range(newest + self._starting, newest, -1), *self._numbers]
        return page


def _job(number: int) -> Job:
    return Job({"name": str(number), "state": "failed" if number % 2 else "finished", "owner": {"login": "jane"}})


@pytest.mark.parametrize("count", [0, 1, PAGE, PAGE + 1, 3 * PAGE])
def test_every_job_is_listed_once(count: int) -> None:
    """A last page that is full is followed by one more request."""
    assert [job.number for job in newest_first(_Lister(count).jobs)] == list(range(count, 0, -1))


def test_jobs_that_start_meanwhile_repeat_no_other() -> None:
    """They shift the others to the next page."""
    numbers = [job.number for job in newest_first(_Lister(3 * PAGE, starting=2).jobs)]
    assert numbers == list(range(3 * PAGE, 0, -1))


def test_a_server_that_ignores_offset_is_not_asked_for_ever() -> None:
    """A page without a new job is the last one."""
    lister = _Lister(2 * PAGE, ignores_offset=True)
    assert len(list(newest_first(lister.jobs))) == PAGE
    assert lister.pages == 2


def test_no_page_more_than_needed_is_requested() -> None:
    """The search stops with the first job that is wanted."""
    lister = _Lister(3 * PAGE)
    assert [job.number for job in latest_job(lister, Wanted(state="failed"))] == [3 * PAGE - 1]
    assert lister.pages == 1


def test_all_that_is_wanted_must_be_so() -> None:
    """None means any."""
    assert [job.number for job in recent_jobs(_Lister(4), Wanted(state="failed", owner="jane"))] == [3, 1]
    assert list(recent_jobs(_Lister(4), Wanted(owner="joe"))) == []


def test_there_may_be_no_such_job() -> None:
    """That is an unknown job."""
    with pytest.raises(UnknownJob):
        list(latest_job(_Lister(4), Wanted(state="running")))
