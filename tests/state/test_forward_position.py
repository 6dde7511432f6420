"""The position file: what was saved is what is loaded, and nobody else has it meanwhile."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobevents_cli.errors import UsageProblem
from jobevents_cli.following.delivered import Delivered, Reached
from jobevents_cli.following.known_jobs import KnownJobs
from jobevents_cli.following.position import Cursor
from jobevents_cli.model.job_ref import JobRef, Kind
from jobevents_cli.state.forward_position import ForwardPosition

URL = "https://pe.example.com:8143"

ids = st.integers(0, 2**62)
cursors = st.builds(
    Cursor,
    low=st.integers(-1, 2**62),
    above=st.lists(ids, max_size=5).map(tuple),
    counts=st.just({}),
    newest_timestamp=st.text(max_size=5),
    unordered=st.lists(st.integers(-(2**62), 2**62), max_size=3).map(tuple),
    changed=st.just(0),
)
refs = st.builds(JobRef, st.sampled_from(Kind), ids)
known = st.builds(KnownJobs, st.integers(-1, 100), st.frozensets(st.integers(101, 200), max_size=5))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(unfinished=st.dictionaries(refs, cursors, max_size=4), found=st.dictionaries(st.sampled_from(Kind), known))
def test_what_was_saved_is_loaded(
    tmp_path: Path, unfinished: dict[JobRef, Cursor], found: dict[Kind, KnownJobs]
) -> None:
    """Jobs and plans, whatever their cursors hold."""
    position = ForwardPosition("x", URL, tmp_path)
    position.save(Delivered({ref: Reached(cursor) for ref, cursor in unfinished.items()}, found))
    loaded = position.load()
    position.close()
    assert loaded is not None
    assert {ref: reached.cursor for ref, reached in loaded.unfinished.items()} == unfinished
    assert loaded.known == found


def test_a_job_that_moved_is_written_anew(tmp_path: Path) -> None:
    """The texts of the others are kept from save to save."""
    position = ForwardPosition("x", URL, tmp_path)
    one, two = JobRef.job(1), JobRef.job(2)
    delivered = Delivered({one: Reached(), two: Reached()})
    position.save(delivered)
    delivered.advance(one, [4, 5])
    position.save(delivered)
    loaded = position.load()
    assert loaded is not None
    assert list(loaded.unfinished[one].above) == [4, 5]
    assert list(loaded.unfinished[two].above) == []
    delivered.finish(one)
    position.save(delivered)
    assert list(json.loads(position.path.read_text())["jobs"]["unfinished"]) == ["2"]
    assert position.path.stat().st_mode & 0o777 == 0o600
    position.close()


def test_one_process_has_it(tmp_path: Path) -> None:
    """A second one is refused until the first lets go."""
    first = ForwardPosition("x", URL, tmp_path)
    with pytest.raises(UsageProblem, match="another `jobevents forward` with the name x"):
        ForwardPosition("x", URL, tmp_path)
    ForwardPosition("y", URL, tmp_path).close()
    first.close()
    ForwardPosition("x", URL, tmp_path).close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_a_usage_error(tmp_path: Path) -> None:
    """Known before anything is sent."""
    tmp_path.chmod(0o500)
    with pytest.raises(UsageProblem, match="cannot keep its position"):
        ForwardPosition("x", URL, tmp_path / "inner")


def test_a_folder_that_is_a_file_is_a_usage_error(tmp_path: Path) -> None:
    """The same for what is no folder at all."""
    (tmp_path / "file").touch()
    with pytest.raises(UsageProblem, match="cannot keep its position"):
        ForwardPosition("x", URL, tmp_path / "file" / "inner")
