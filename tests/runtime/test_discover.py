"""Each job is followed once, in whatever order jobs start, end and become visible."""

import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobevents_cli.errors import TransientFault
from jobevents_cli.following.known_jobs import FAR_ENOUGH, LOOK_BACK, KnownJobs
from jobevents_cli.model.job import Job
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.runtime.discover import PAGE, Found, newest_first, pause_between, search
from jobevents_cli.runtime.loop import Ask, Loop, Requests
from jobevents_cli.store.positions import Positions, SavedPosition

Value = TypeVar("Value")


class _Jobs:
    """The jobs of an orchestrator: those that are visible, and whether each is over."""

    def __init__(self, running: Iterable[int] = (), over: Iterable[int] = ()) -> None:
        self.over = dict.fromkeys(running, False) | dict.fromkeys(over, True)
        self.requests = 0
        self.ignores_offset = False
        self.after_page: Callable[[], None] = lambda: None

    def list(self, count: int, offset: int) -> Sequence[Job]:
        """One page, newest first."""
        self.requests += 1
        begin = 0 if self.ignores_offset else offset
        numbers = sorted(self.over, reverse=True)[begin : begin + count]
        page = [_job(number, is_over=self.over[number]) for number in numbers]
        self.after_page()
        return page

    def search(self, known: KnownJobs | None, wanted: Callable[[Job], bool] = lambda _: True) -> Found:
        """The result of one search."""
        return _performed(search(self.list, Kind.JOB, known, wanted))


def _job(number: int, *, is_over: bool = False) -> Job:
    owner = {"login": "jane" if number % 2 else "joe"}
    return Job({"name": str(number), "state": "finished" if is_over else "running", "owner": owner})


def _performed(requests: Requests[Value]) -> Value:
    """What *requests* returns; each is performed at once."""
    answer = None
    while True:
        try:
            step = requests.send(answer)
        except StopIteration as end:
            value: Value = end.value
            return value
        assert isinstance(step, Ask)
        answer = step.work()


def _refs(*numbers: int) -> list[JobRef]:
    return [JobRef.job(number) for number in numbers]


def test_a_first_search_finds_what_runs() -> None:
    """However many newer jobs are over, up to 200 in a row."""
    jobs = _Jobs(running=[1, 250, 9], over=[*range(10, 200), *range(251, 260)])
    assert jobs.search(None).jobs == _refs(1, 9, 250)
    jobs = _Jobs(running=[1], over=range(2, FAR_ENOUGH + 2))
    assert jobs.search(None).jobs == []


def test_later_searches_find_what_has_started_since() -> None:
    """Once each, lowest number first, also if they are over by then."""
    jobs = _Jobs(running=[7], over=[6])
    known = jobs.search(None).known
    jobs.over |= {8: False, 9: True, 10: False}
    found = jobs.search(known)
    assert found.jobs == _refs(8, 9, 10)
    assert jobs.search(found.known).jobs == []


def test_a_job_that_becomes_visible_under_a_lower_number_is_found() -> None:
    """10, 12, then 11, which is over by then; also before the first that was seen."""
    jobs = _Jobs(running=[10, 12])
    known = jobs.search(None).known
    jobs.over |= {11: True, 9: True}
    assert jobs.search(known).jobs == _refs(9, 11)


def test_a_job_is_too_late_behind_fifty_known_ones() -> None:
    """Forty-nine jobs with higher numbers do not hide it."""
    jobs = _Jobs(over=[*range(1, 49), *range(51, 100)])
    known = jobs.search(None).known
    jobs.over[50] = True
    found = jobs.search(known)
    assert found.jobs == _refs(50)
    jobs.over[49] = True
    assert jobs.search(found.known).jobs == []


def test_a_search_looks_back_past_new_jobs() -> None:
    """Two pages of new ones do not hide an older one."""
    jobs = _Jobs(over=[*range(100), 101])
    known = jobs.search(None).known
    jobs.over |= dict.fromkeys([100, *range(102, 102 + 2 * PAGE)], True)
    assert jobs.search(known).jobs == _refs(100, *range(102, 102 + 2 * PAGE))


def test_a_quiet_search_takes_one_request() -> None:
    """However many jobs there are, and however many of them run."""
    jobs = _Jobs(running=range(1, 400))
    known = jobs.search(None).known
    jobs.requests = 0
    assert jobs.search(known).jobs == []
    assert jobs.requests == 1


def test_what_ran_in_between_is_found_as_far_back_as_it_is_kept() -> None:
    """With what an earlier run knew; older jobs stay handled, also if some are listed again."""
    jobs = _Jobs(over=range(1, 50))
    known = jobs.search(None).known
    jobs.over = dict.fromkeys(range(40, 900), True)
    assert jobs.search(known).jobs == _refs(*range(50, 900))


def test_a_run_continues_from_what_the_store_kept(tmp_path: Path) -> None:
    """What was found is saved with its position at once, so that a kill at any time loses no job and repeats none."""
    jobs = _Jobs(running=[7], over=[5])
    followed = []
    for appears in ([8, 6], [], [9]):
        with closing(Loop(signals=False)) as loop:
            kept = Positions.of_forward("https://pe:8143", "siem", folder=tmp_path)
            found = loop.run(search(jobs.list, Kind.JOB, kept.known.get(Kind.JOB), lambda _: True))
            kept.save({ref: SavedPosition() for ref in found.jobs}, {Kind.JOB: found.known})
            kept.close()
        followed += found.jobs
        jobs.over |= dict.fromkeys(appears, True)
    assert followed == _refs(7, 6, 8)
    with closing(Positions.of_forward("https://pe:8143", "siem", folder=tmp_path)) as kept:
        assert sorted(kept.positions) == _refs(6, 7, 8)


def test_a_number_from_the_user_is_where_to_begin() -> None:
    """`--since 40`; a number that no job has yet is no sign of a restored orchestrator."""
    jobs = _Jobs(running=[45], over=range(1, 45))
    assert jobs.search(KnownJobs(39)).jobs == _refs(*range(40, 46))
    assert jobs.search(KnownJobs(99)) == Found([], KnownJobs(99))


def test_jobs_that_are_not_wanted_are_known() -> None:
    """They are not found by the next search either."""
    jobs = _Jobs(running=[1, 2, 3])
    found = jobs.search(None, lambda job: job.owner == "jane")
    assert found.jobs == _refs(1, 3)
    assert jobs.search(found.known).jobs == []


def test_a_restored_orchestrator_begins_anew() -> None:
    """Its newest job is older than one that was seen; its running jobs are others, also with a number that is known."""
    known = _Jobs(running=[300, 319], over=[320]).search(None).known
    restored = _Jobs(running=[300], over=[299])
    found = restored.search(known)
    assert found.jobs == _refs(300)
    assert found.restored == (
        "the newest job is 300, but job 320 was seen before: PE was restored; following begins anew"
    )
    restored.over[301] = True
    again = restored.search(found.known)
    assert (again.jobs, again.restored) == (_refs(301), None)


def test_an_empty_list_is_no_sign_of_anything() -> None:
    """It has no newest job."""
    known = KnownJobs(3, frozenset({5}))
    assert _Jobs().search(known) == Found([], known)
    assert _Jobs().search(None) == Found([], KnownJobs())


def test_a_server_that_ignores_the_offset_is_not_asked_for_ever() -> None:
    """A page without a new job is the last one."""
    jobs = _Jobs(running=range(1, 3 * PAGE))
    jobs.ignores_offset = True
    assert len(jobs.search(None).jobs) == PAGE
    assert jobs.requests == 2


def test_a_server_that_ignores_the_order_is_not_taken_for_a_restored_one() -> None:
    """Orchestrators before 2017.3 list the most recent jobs, oldest first."""
    found = _performed(search(lambda count, _: [_job(1), _job(2), _job(3)][:count], Kind.JOB, None, lambda _: True))
    assert found.jobs == _refs(1, 2, 3)
    again = search(lambda count, _: [_job(1), _job(2), _job(3)][:count], Kind.JOB, found.known, lambda _: True)
    assert _performed(again) == Found([], found.known)


def test_plans_have_numbers_of_their_own() -> None:
    """The search finds plans where plans are listed."""
    assert _performed(search(_Jobs([4]).list, Kind.PLAN, None, lambda _: True)).jobs == [JobRef.plan(4)]


def test_a_fault_ends_the_search_for_its_caller() -> None:
    """The caller tries again with what was known."""
    looking = search(_Jobs([4]).list, Kind.JOB, None, lambda _: True)
    next(looking)
    with pytest.raises(TransientFault):
        looking.throw(TransientFault("refused"))


def test_jobs_without_a_number_are_passed_over() -> None:
    """Nobody can follow them."""
    page = [Job({"state": "running"}), _job(4)]
    assert _performed(search(lambda _, offset: page[offset:], Kind.JOB, None, lambda _: True)).jobs == _refs(4)


@pytest.mark.parametrize("count", [0, 1, PAGE, PAGE + 1, 3 * PAGE])
def test_every_job_is_listed_once(count: int) -> None:
    """Also if jobs that start meanwhile shift the others; a last page that is full is followed by one more request."""
    jobs = _Jobs(over=range(1, count + 1))
    jobs.after_page = lambda: jobs.over.update({max(jobs.over, default=0) + 1: False})
    listed: list[Job] = []

    def take(job: Job) -> bool:
        listed.append(job)
        return False

    _performed(newest_first(jobs.list, take))
    assert [job.number for job in listed] == [*range(count, 0, -1)]


def test_no_page_more_than_needed_is_requested() -> None:
    """The list ends with the first job that is enough."""
    jobs = _Jobs(over=range(1, 3 * PAGE))
    _performed(newest_first(jobs.list, lambda job: job.owner == "joe"))
    assert jobs.requests == 1


def test_searches_are_five_seconds_apart() -> None:
    """Or five polling intervals, if those are shorter."""
    assert [pause_between(interval) for interval in (0.1, 1.0, 60.0)] == [0.5, 5.0, 5.0]


@given(
    seed=st.integers(0, 2**32),
    count=st.integers(1, 400),
    before=st.integers(0, 300),
    late_by=st.integers(1, LOOK_BACK - 1),
    burst=st.integers(1, 80),
)
def test_each_job_is_followed_once(seed: int, count: int, before: int, late_by: int, burst: int) -> None:
    """Jobs become visible up to 49 late, during a search or between two, and end at any time.

    Those that run when the first search sees them, and all that become visible later, are followed.
    """
    randomness = random.Random(seed)
    hidden = sorted(range(1, count + 1), key=lambda number: number + randomness.uniform(0, late_by), reverse=True)
    jobs = _Jobs()

    def appear(most: int) -> None:
        for _ in range(min(most, len(hidden))):
            jobs.over[hidden.pop()] = randomness.random() < 0.5
        for number in randomness.sample([*jobs.over], min(2, len(jobs.over))):
            jobs.over[number] = True

    appear(before)
    over_at_first = {number for number, is_over in jobs.over.items() if is_over}
    found = jobs.search(None)
    followed = [*found.jobs]
    jobs.after_page = lambda: appear(randomness.randint(0, burst // 4))
    while hidden:
        appear(randomness.randint(0, burst))
        found = jobs.search(found.known)
        assert not found.restored
        followed += found.jobs
    followed += jobs.search(found.known).jobs
    assert sorted(followed) == _refs(*sorted({*range(1, count + 1)} - over_at_first))
