"""The newest jobs are found page by page, whatever happens between two pages."""

from contextlib import closing
from typing import TypeVar

import pytest

from jobevents_cli.errors import UnknownJob
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import Kind
from jobevents_cli.model.node import Node
from jobevents_cli.runtime.discover import PAGE
from jobevents_cli.runtime.job_search import Wanted, latest, read_nodes, recent
from jobevents_cli.runtime.loop import Loop, Requests

Value = TypeVar("Value")


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


def _run(requests: Requests[Value]) -> Value:
    with closing(Loop(signals=False)) as loop:
        return loop.run(requests)


def _recent(lister: _Lister, most: int = 1000, **wanted: str) -> list[int | None]:
    return [job.number for job in _run(recent(lister.jobs, Wanted(**wanted), most))]


@pytest.mark.parametrize("count", [0, 1, PAGE, PAGE + 1, 3 * PAGE])
def test_every_job_is_listed_once(count: int) -> None:
    """A last page that is full is followed by one more request."""
    assert _recent(_Lister(count)) == list(range(count, 0, -1))


def test_jobs_that_start_meanwhile_repeat_no_other() -> None:
    """They shift the others to the next page."""
    assert _recent(_Lister(3 * PAGE, starting=2)) == list(range(3 * PAGE, 0, -1))


def test_a_server_that_ignores_offset_is_not_asked_for_ever() -> None:
    """A page without a new job is the last one."""
    lister = _Lister(2 * PAGE, ignores_offset=True)
    assert len(_recent(lister)) == PAGE
    assert lister.pages == 2


def test_no_page_more_than_needed_is_requested() -> None:
    """The search stops with the last job that is wanted."""
    lister = _Lister(3 * PAGE)
    assert _recent(lister, 1, state="failed") == [3 * PAGE - 1]
    assert lister.pages == 1


def test_all_that_is_wanted_must_be_so() -> None:
    """None means any."""
    assert _recent(_Lister(4), state="failed", owner="jane") == [3, 1]
    assert _recent(_Lister(4), owner="joe") == []


def test_there_may_be_no_such_job() -> None:
    """That is an unknown job."""
    with pytest.raises(UnknownJob):
        _run(latest(_Lister(4).jobs, Kind.JOB, Wanted(state="running"), 0.0))


def test_all_nodes_are_read(nodes: list[Node]) -> None:
    """Where a server sends fewer than the job has, the rest is requested; one that repeats itself is not."""
    found: list[Node] = []
    _run(read_nodes(lambda _, offset: nodes[offset : offset + 2], 352, len(nodes), found.extend))
    assert found == nodes
    found.clear()
    _run(read_nodes(lambda _number, _offset: nodes, 352, 100, found.extend))
    assert found == nodes


@pytest.fixture(name="nodes")
def _nodes() -> list[Node]:
    return [Node({"name": f"n{number}", "state": "finished"}) for number in range(5)]
