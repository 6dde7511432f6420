"""Saves how much `forward` has delivered: one private file for each name, replaced as a whole."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from jobevents_cli.config.private_files import make_private_folder, own_folder, replace_file
from jobevents_cli.config.user_file import read_user_file
from jobevents_cli.errors import UsageProblem
from jobevents_cli.following.delivered import Delivered, Reached
from jobevents_cli.following.id_ranges import IdRanges
from jobevents_cli.following.known_jobs import KnownJobs
from jobevents_cli.following.position import Cursor
from jobevents_cli.model.job_ref import JobRef, Kind

_VERSION: Final = 1
_TOO_LARGE: Final = 2**63
_LARGEST: Final = 256 * 1024 * 1024
_KEYS: Final = {Kind.JOB: "jobs", Kind.PLAN: "plans"}


class ForwardPosition:
    """The position of one name. Only this process has it, from construction on."""

    def __init__(self, name: str, url: str, folder: Path | None = None) -> None:
        """Lock the position kept under *name* for the orchestrator at *url*, in *folder* (default: the state folder).

        UsageProblem if another process has it, or if the folder cannot be written.
        """
        self._url = url
        self._texts: dict[JobRef, tuple[int, str]] = {}
        folder = folder or _state_folder()
        self.path = folder / f"forward-{name}.json"
        try:
            make_private_folder(folder)
            self._lock = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise UsageProblem(
                f"forward cannot keep its position in {folder}: {error.strerror}",
                hint="set XDG_STATE_HOME to a folder that can be written",
            ) from None
        try:
            _lock(self._lock)
        except OSError:
            os.close(self._lock)
            raise UsageProblem(
                f"another `jobevents forward` with the name {name} is running on this machine",
                hint="give each receiver a name of its own: --name NAME",
            ) from None

    def close(self) -> None:
        """Let another process have the position."""
        os.close(self._lock)

    def load(self) -> Delivered | None:
        """What was saved last; None if nothing was. UsageProblem if the file is damaged or another orchestrator's."""
        try:
            document = json.loads(read_user_file(self.path, largest=_LARGEST, wait=0))
            delivered, url = _delivered(document), document["orchestrator"]
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UsageProblem(f"the position {self.path} cannot be read: {error.strerror}") from None
        except (ValueError, TypeError, KeyError, RecursionError):
            raise UsageProblem(
                f"the position {self.path} is damaged, and was left as it is",
                hint="remove it to begin with the jobs that run now, or with others: --since JOB",
            ) from None
        if url != self._url:
            raise UsageProblem(
                f"the position {self.path} is that of another orchestrator, {url}",
                hint="give each orchestrator a name of its own: --name NAME",
            )
        return delivered

    def save(self, delivered: Delivered) -> None:
        """Replace the file; OSError if that fails: the file then stays as it was."""
        jobs = {kind: _known(known) for kind, known in delivered.known.items()}
        texts = {ref: self._text(ref, reached) for ref, reached in delivered.unfinished.items()}
        self._texts = texts
        parts = [f'"version":{_VERSION},"orchestrator":{json.dumps(self._url)}']
        for kind, key in _KEYS.items():
            unfinished = ",".join(text for ref, (_, text) in texts.items() if ref.kind is kind)
            known = json.dumps(jobs.get(kind), separators=(",", ":"))
            parts.append(f'"{key}":{{"known":{known},"unfinished":{{{unfinished}}}}}')
        replace_file(self.path, f"{{{','.join(parts)}}}\n", is_durable=True)

    def _text(self, ref: JobRef, reached: Reached) -> tuple[int, str]:
        """How far *ref* was *reached* as JSON, with its version; the text of a job that has not changed is kept."""
        kept = self._texts.get(ref)
        if kept and kept[0] == reached.version:
            return kept
        cursor = reached.base
        document = {
            "low": cursor.low,
            "above": _ranges(reached.above),
            "newest_timestamp": cursor.newest_timestamp,
            "unordered": cursor.unordered,
        }
        return reached.version, f'"{ref.number}":{json.dumps(document, separators=(",", ":"))}'


def _known(known: KnownJobs) -> dict[str, Any]:
    return {"low": known.low, "above": _ranges(IdRanges.of(sorted(known.above)))}


def _ranges(ids: IdRanges) -> list[int | tuple[int, int]]:
    """The *ids*, a range of several as a pair of the first and the last."""
    return [first if first == last else (first, last) for first, last in ids.pairs]


def _numbers(ranges: Any) -> Iterator[int]:
    for entry in ranges:
        if type(entry) is int:
            yield _whole(entry)
        else:
            first, last = entry
            if _whole(last) - _whole(first) > _LARGEST:
                raise ValueError
            yield from range(first, last + 1)


def _whole(value: Any) -> int:
    if type(value) is not int or abs(value) >= _TOO_LARGE:
        raise TypeError
    return value


def _delivered(document: Any) -> Delivered:
    """The value of the file's *document*. ValueError, TypeError or KeyError if it has none."""
    if document["version"] != _VERSION or type(document["orchestrator"]) is not str:
        raise ValueError
    delivered = Delivered()
    for kind, key in _KEYS.items():
        known, unfinished = document[key]["known"], document[key]["unfinished"]
        if known is not None:
            delivered.known[kind] = KnownJobs(_whole(known["low"]), frozenset(_numbers(known["above"])))
        for number, cursor in _as_object(unfinished).items():
            delivered.unfinished[JobRef(kind, _whole(int(number)))] = Reached(_cursor(cursor))
    return delivered


def _as_object(value: Any) -> Mapping[str, Any]:
    if type(value) is not dict:
        raise TypeError
    return value


def _cursor(document: Any) -> Cursor:
    newest = document["newest_timestamp"]
    if type(newest) is not str:
        raise TypeError
    unordered = tuple(_whole(number) for number in document["unordered"])
    return Cursor(_whole(document["low"]), tuple(_numbers(document["above"])), {}, newest, unordered)


def _state_folder() -> Path:
    folder = own_folder("state")
    if folder is None:
        raise UsageProblem(
            "forward has nowhere to keep its position: no home directory is known",
            hint="set XDG_STATE_HOME to a folder that can be written",
        )
    return folder / "cursors"


def _lock(handle: int) -> None:
    """Lock the open file *handle* until this process ends. OSError if another process has the lock."""
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
