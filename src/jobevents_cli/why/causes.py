"""Causes: what went wrong, grouped. Failures of nodes in, causes out."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import Final

from jobevents_cli.model.telling_line import lines_of, telling_line
from jobevents_cli.why.cause_key import blanked, blanked_but_names, ends_of
from jobevents_cli.why.report import LogLine


class CauseKind(StrEnum):
    """What failed."""

    RESOURCE = "resource"
    CATALOG = "catalog"
    RUN = "run"
    TASK = "task"
    COMMAND = "command"
    ERRORED = "errored"
    PLAN = "plan"


class Source(StrEnum):
    """Which server said so."""

    PUPPETDB = "puppetdb"
    ORCHESTRATOR = "orchestrator"


@dataclass(frozen=True, slots=True)
class Finding:
    """What went wrong, in the words of one node.

    *log* has the lines that belong to it, *report* every line of the run's log of level warning and above.
    *explained*: the resources that failed for this reason, where it is not one resource's own.
    *complete* is false if PuppetDB, which would know more, could not be queried. *has_finished*: the orchestrator
    calls the node finished although its result has an error.
    """

    kind: CauseKind
    message: str
    resource: str | None = None
    file: str | None = None
    line: int | None = None
    exit_code: int | None = None
    log: tuple[LogLine, ...] = ()
    report: tuple[LogLine, ...] = field(default=(), compare=False)
    explained: tuple[str, ...] = ()
    source: Source = Source.ORCHESTRATOR
    complete: bool = True
    has_finished: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """A finding on *node*; a plan's own error concerns none, and its name is empty."""

    node: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Cause:
    """A finding that *nodes*, sorted by name, have in common, in the words of the first of them."""

    finding: Finding
    nodes: tuple[str, ...]
    has_finished: int = 0
    """How many of the nodes the orchestrator calls finished."""


class Causes:
    """Groups failures, in whatever order they are added. Only the failure that will be shown is kept of each cause.

    Two failed resources have the same cause if type, title, file, line, message and the log line that tells most are
    equal; other failures, if kind, exit code and text are. Texts are compared `blanked`.
    """

    def __init__(self) -> None:
        self._groups: dict[bytes, _Group] = {}

    def add(self, failure: Failure) -> None:
        """Add *failure* to the failures with the same cause."""
        key, with_names = _keys(failure)
        if (found := self._groups.get(key)) is None:
            found = self._groups[key] = _Group(failure, with_names)
        found.add(failure, with_names)

    def grouped(self) -> tuple[Cause, ...]:
        """Return the causes, those of most nodes first."""
        groups: list[_Group] = []
        same: dict[bytes, _Group] = {}
        for group in self._groups.values():
            # A name that is blanked on its own node, "db" or the server's, may stand in the same text on other nodes.
            if group.with_names is None:
                groups.append(group)
            elif (other := same.setdefault(group.with_names, group)) is not group:
                other.join(group)
        causes = [group.cause() for group in (*groups, *same.values())]
        return tuple(sorted(causes, key=lambda cause: (-len(cause.nodes), cause.nodes, _order(cause.finding))))


def group(failures: Iterable[Failure]) -> tuple[Cause, ...]:
    """Return the causes of *failures*, see `Causes`."""
    causes = Causes()
    for failure in failures:
        causes.add(failure)
    return causes.grouped()


class _Group:
    def __init__(self, first: Failure, with_names: bytes) -> None:
        self.first = first
        self.nodes: set[str] = set()
        self.finished: set[str] = set()
        self.with_names: bytes | None = with_names
        """What all texts have in common without blanking names; None if the names differ."""

    def add(self, failure: Failure, with_names: bytes | None) -> None:
        if failure.node:
            self.nodes.add(failure.node)
        if failure.finding.has_finished:
            self.finished.add(failure.node)
        if with_names != self.with_names:
            self.with_names = None
        self._show(failure)

    def join(self, other: "_Group") -> None:
        self.nodes |= other.nodes
        self.finished |= other.finished
        self._show(other.first)

    def cause(self) -> Cause:
        return Cause(self.first.finding, tuple(sorted(self.nodes)), len(self.finished))

    def _show(self, failure: Failure) -> None:
        """Keep the failure of the first node by name."""
        if failure is self.first or failure.node > self.first.node:
            return
        if failure.node < self.first.node or _comes_before(failure.finding, self.first.finding):
            self.first = failure


def _comes_before(one: Finding, other: Finding) -> bool:
    first, second = _order(one), _order(other)
    return first < second or (first == second and _lines(one.report) < _lines(other.report))


def _lines(log: Iterable[LogLine]) -> tuple[object, ...]:
    return tuple((line.message, line.level, line.source, line.file or "", line.line or 0) for line in log)


def _order(finding: Finding) -> tuple[object, ...]:
    places = (finding.kind, finding.resource or "", finding.file or "", finding.line or 0, finding.exit_code or 0)
    rest = (finding.explained, finding.source, finding.complete, finding.has_finished)
    return (*places, finding.message, _lines(finding.log), *rest)


def _keys(failure: Failure) -> tuple[bytes, bytes]:
    """Return what failures with the same cause have in common, and the same without blanking names of nodes."""
    finding = failure.finding
    about = (finding.kind, finding.resource, finding.file, finding.line, finding.exit_code)
    fields = ["" if value is None else f"={value}" for value in about]
    texts = (ends_of(finding.message), telling_text(finding))
    own = [blanked(text, failure.node) for text in texts]
    common = [blanked_but_names(text) for text in texts]
    key = digest_of([*fields, *own])
    return key, key if own == common else digest_of([*fields, *common])


def telling_text(finding: Finding) -> str:
    """Return the line that tells most: of a resource's log, or of an output and what is said about it."""
    lines = [] if finding.kind is CauseKind.RESOURCE else lines_of(finding.message).lines
    lines += [text for line in finding.log for text in lines_of(line.message).lines]
    return telling_line(lines)


def digest_of(parts: Iterable[str]) -> bytes:
    """Return what is equal for equal *parts* alone: texts can be large."""
    digest: Final = blake2b(digest_size=20)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8))
        digest.update(data)
    return digest.digest()
