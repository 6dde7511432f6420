"""What is committed is exactly what the receiver took; what it refuses is found, and everything else arrives."""

from itertools import count

from hypothesis import example, given
from hypothesis import strategies as st

from jobevents_cli.following.backlog import Backlog, Part, Waiting
from jobevents_cli.following.batch_retry import REFUSALS, BatchRetry
from jobevents_cli.following.delivered import Delivered, Reached
from jobevents_cli.following.id_ranges import IdRanges
from jobevents_cli.following.known_jobs import KEPT, KnownJobs, Seen, known_after
from jobevents_cli.following.position import Cursor
from jobevents_cli.model.job_ref import JobRef, Kind

ONE, TWO = JobRef.job(1), JobRef.job(2)

parts = st.lists(st.tuples(st.sampled_from([ONE, TWO]), st.lists(st.booleans(), max_size=6), st.booleans()), max_size=8)


def _parts(drawn: list[tuple[JobRef, list[bool], bool]]) -> list[Part]:
    """Parts with events that are hidden (False) or not, some with a cursor; the ids rise."""
    ids = count(1)
    made: list[Part] = []
    seen: dict[JobRef, list[int]] = {ONE: [], TWO: []}
    for ref, shown, has_cursor in drawn:
        numbers = [next(ids) for _ in shown]
        seen[ref] += numbers
        lines = [b"%d\n" % number if is_shown else None for number, is_shown in zip(numbers, shown, strict=True)]
        made.append(Part(ref, lines, numbers, Cursor(-1, tuple(seen[ref]), {}) if has_cursor else None))
    return made


@given(drawn=parts, counts=st.lists(st.integers(0, 5), max_size=20))
def test_a_commit_is_exactly_what_was_taken(drawn: list[tuple[JobRef, list[bool], bool]], counts: list[int]) -> None:
    """However batches cut the parts: the ids up to the last line taken, and the hidden ones after it, are delivered."""
    backlog, delivered = Backlog(), Delivered({ONE: Reached(), TWO: Reached()})
    made = _parts(drawn)
    for at, part in enumerate(made):
        backlog.append(part, float(at))
    events = [(part.ref, number, line) for part in made for number, line in zip(part.ids, part.lines, strict=True)]
    position = 0
    for wanted in counts:
        batch = backlog.first(wanted) if wanted else []
        assert batch == [line for _, _, line in events[position:] if line is not None][:wanted]
        left = len(batch)
        backlog.commit(left, delivered)
        while position < len(events) and (left > 0 or events[position][2] is None):
            left -= events[position][2] is not None
            position += 1
        for ref in (ONE, TWO):
            ids = {number for owner, number, _ in events[:position] if owner == ref}
            assert set(delivered.unfinished[ref].above) == ids
        assert backlog.lines == sum(line is not None for _, _, line in events[position:])


def test_events_without_id_are_committed_with_their_whole_part() -> None:
    """A batch ends before a part that it cannot take whole, if that has events without id."""
    backlog = Backlog()
    backlog.append(Part(ONE, [b"1", b"2"], [1, 2]), 0.0)
    backlog.append(Part(ONE, [b"3", b"4"], [None, 4]), 0.0)
    assert backlog.first(3) == [b"1", b"2"]
    assert backlog.first(4) == [b"1", b"2", b"3", b"4"]
    backlog.commit(2, Delivered())
    assert backlog.first(1) == [b"3"]
    assert backlog.first_event() == (ONE, None)


def test_a_part_that_ends_its_job_ends_it_when_it_is_taken() -> None:
    """The job leaves the position with its last event, not before."""
    backlog, delivered = Backlog(), Delivered({ONE: Reached()})
    backlog.append(Part(ONE, [b"1", b"2"], [1, 2], is_end=True), 0.0)
    backlog.commit(1, delivered)
    assert list(delivered.unfinished) == [ONE]
    backlog.commit(1, delivered)
    assert not delivered.unfinished
    assert backlog.events == backlog.lines == 0


@given(
    total=st.integers(1, 40),
    most=st.integers(1, 20),
    bad=st.sets(st.integers(0, 39), max_size=3),
    outage=st.integers(0, 12),
)
@example(total=40, most=20, bad={0, 19, 20}, outage=0)
def test_all_but_the_bad_events_arrive_in_order(total: int, most: int, bad: set[int], outage: int) -> None:
    """A receiver that refuses batches with bad events, after an outage, gets all others; each bad one is named."""
    delivery = BatchRetry(most, lambda: 0.5, skip_after=600.0)
    now, at, sends = 0.0, 0, 0
    taken: list[int] = []
    named: list[int] = []
    skipped: list[int] = []
    while at < total:
        sends += 1
        assert sends < 1500
        now = max(now, delivery.retry_at)
        batch = list(range(at, min(total, at + delivery.limit)))
        delivery.begin(len(batch))
        if sends > outage and not bad & set(batch):
            taken += batch
            at += len(batch)
            delivery.accept()
            continue
        refused = delivery.refuse(now)
        named += [at] if refused.is_named else []
        if refused.is_skipped:
            assert len(batch) == 1
            skipped.append(at)
            at += 1
    assert taken == [number for number in range(total) if number not in bad]
    assert skipped == [number for number in range(total) if number in bad]
    assert set(skipped) <= set(named)


def test_a_batch_is_sent_again_later_each_time() -> None:
    """Exponential back-off; after five refusals halves are tried soon; without --skip-after for ever."""
    delivery, now = BatchRetry(8, lambda: 0.5), 0.0
    gaps, sizes = [], []
    for number in range(16):
        delivery.begin(min(8, delivery.limit))
        sizes.append(delivery.size)
        refused = delivery.refuse(now)
        assert refused.is_first == (number == 0)
        assert refused.is_named == (number == REFUSALS + 2)
        gaps.append(delivery.retry_at - now)
        now = delivery.retry_at
    assert sizes == [8] * REFUSALS + [4, 2] + [1] * 9
    assert gaps == [0.5, 1, 2, 4, 0.5, 0.5, 0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30]


def test_it_is_well_again_when_the_halved_batch_is_taken_whole() -> None:
    """Until then no larger batch is sent and recovery is not announced."""
    delivery = BatchRetry(8, lambda: 0.5)
    for _ in range(REFUSALS):
        delivery.begin(8)
        delivery.refuse(1.0)
    assert delivery.limit == 4
    delivery.begin(4)
    assert delivery.accept() is None
    assert delivery.limit == 4
    delivery.begin(4)
    assert delivery.accept() == 1.0
    assert delivery.limit == 8
    assert delivery.failing_since is None


@given(st.lists(st.integers(0, 30)))
def test_ranges_hold_the_ids_that_were_added(ids: list[int]) -> None:
    """In whatever order and pieces they come."""
    ranges = IdRanges()
    for at in range(0, len(ids), 3):
        ranges.add(ids[at : at + 3])
    assert list(ranges) == ids
    assert list(IdRanges(ranges.pairs)) == ids


def test_ids_that_follow_each_other_are_one_range() -> None:
    """Also if they come in pieces."""
    ranges = IdRanges.of([5, 6, 7])
    ranges.add([8, 9, 12])
    assert ranges.pairs == [(5, 9), (12, 12)]


@given(st.sets(st.integers(0, 2000)), st.sets(st.integers(0, 2000)))
def test_a_job_is_new_once(first: set[int], second: set[int]) -> None:
    """Also one that becomes visible after one with a higher id, within what is kept."""
    known = known_after(known_after(None, Seen(0, frozenset(first))), Seen(0, frozenset(second)))
    assert all(known.has(number) for number in first | second)
    assert len(known.above) <= KEPT
    reachable = set(range(known.low + 1, 2000))
    assert all(not known.has(number) for number in reachable - first - second)


def test_a_first_look_settles_what_is_before_it() -> None:
    """Jobs below those that the first look saw are not looked for; unless it saw all there are."""
    assert known_after(None, Seen(100, frozenset({100, 105}))).has(99)
    assert not known_after(None, Seen(0, frozenset({100, 105}))).has(99)
    delivered = Delivered()
    assert delivered.find(Kind.JOB, Seen(7, frozenset({7, 8})), {8}) == [JobRef.job(8)]
    assert delivered.find(Kind.JOB, Seen(7, frozenset({7, 8, 9})), {7, 9}) == [JobRef.job(9)]
    assert delivered.find(Kind.PLAN, Seen(0, frozenset()), set()) == []
    assert delivered.known[Kind.PLAN] == KnownJobs()


def test_the_oldest_event_that_waits() -> None:
    """When it arrived and when it happened; none once everything is committed."""
    backlog, delivered = Backlog(), Delivered({ONE: Reached()})
    assert backlog.oldest() is None
    assert backlog.first_event() is None
    backlog.append(Part(ONE, [None, b"2"], [1, 2], timestamp="2026-11-24T10:00:00Z"), 7.0)
    assert backlog.oldest() == Waiting(7.0, "2026-11-24T10:00:00Z")
    assert backlog.first_event() == (ONE, 2)
    backlog.commit(1, delivered)
    assert backlog.oldest() is None
    assert delivered.unfinished[ONE].cursor == Cursor(-1, (1, 2), {})


def test_hidden_events_name_nothing() -> None:
    """Events that no filter lets pass are committed without a batch."""
    backlog, delivered = Backlog(), Delivered({ONE: Reached(Cursor(5, (7,), {}))})
    backlog.append(Part(ONE, [None], [8]), 0.0)
    assert backlog.first(5) == []
    assert backlog.first_event() is None
    backlog.commit(0, delivered)
    assert delivered.unfinished[ONE].cursor == Cursor(5, (7, 8), {})


def test_a_job_that_is_not_in_the_position_is_ignored() -> None:
    """What still comes of a job after its end moves nothing."""
    delivered = Delivered()
    delivered.advance(ONE, [1])
    delivered.finish(ONE)
    assert not delivered.unfinished
