"""Where another follower continues, after all or after some of the events of an update."""

from collections.abc import Sequence

import pytest

from jobevents_cli.following.update import Update
from jobevents_cli.model.event import event_of
from jobevents_cli.model.job_ref import JobRef


def _update(ids: Sequence[int | None], *, start: int | None, next_start: int | None) -> Update:
    events = tuple(event_of({"id": number} if number is not None else {}) for number in ids)
    return Update(JobRef.job(1), events, start=start, next_start=next_start)


@pytest.mark.parametrize(
    ("ids", "start", "next_start", "count", "expected"),
    [
        ([5, 6, 7], 5, 8, 3, 8),
        ([5, 6, 7], 5, 8, 1, 6),
        ([5, 6, 7], 5, 8, 0, 5),
        ([5, 6, 7], None, 8, 0, None),
        ([7, 5, 6], 5, 8, 1, 5),
        ([5, None, 7], 5, 8, 2, 6),
        ([None, None], None, None, 1, None),
    ],
)
def test_after_a_part_of_the_events(
    ids: Sequence[int | None], start: int | None, next_start: int | None, count: int, expected: int | None
) -> None:
    """Whoever starts there gets every event that was not printed, and of sorted ones no printed one."""
    assert _update(ids, start=start, next_start=next_start).next_start_after(count) == expected
