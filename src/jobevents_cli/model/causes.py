"""What went wrong, grouped by cause: failures of nodes in, causes out."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b

from jobevents_cli.model.blanking import blanked
from jobevents_cli.model.report import LogLine


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
    source: Source = Source.ORCHESTRATOR
    complete: bool = True
    has_finished: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """A finding on *node*; a plan's own error may concern none, whose name is empty."""

    node: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Cause:
    """A finding that *nodes*, sorted by name, have in common, in the words of the first of them."""

    finding: Finding
    nodes: tuple[str, ...]
    has_finished: int = 0
    """How many of the nodes the orchestrator calls finished."""


def group(failures: Iterable[Failure]) -> tuple[Cause, ...]:
    """Return the causes of *failures*, those of most nodes first; the order of *failures* does not matter.

    Two failures have the same cause if their kind, resource, file, line and exit code are equal, and their texts are
    equal once `blanked`.
    """
    groups: dict[bytes, _Group] = {}
    for failure in failures:
        key = _key(failure)
        if (found := groups.get(key)) is None:
            found = groups[key] = _Group(failure)
        found.add(failure)
    causes = [Cause(each.first.finding, tuple(sorted(each.nodes)), len(each.finished)) for each in groups.values()]
    return tuple(sorted(causes, key=lambda cause: (-len(cause.nodes), cause.nodes, _order(cause.finding))))


class _Group:
    def __init__(self, first: Failure) -> None:
        self.first = first
        self.nodes: set[str] = set()
        self.finished: set[str] = set()

    def add(self, failure: Failure) -> None:
        if failure.node:
            self.nodes.add(failure.node)
        if failure.finding.has_finished:
            self.finished.add(failure.node)
        if failure.node > self.first.node:
            return
        if failure.node < self.first.node or _order(failure.finding) < _order(self.first.finding):
            self.first = failure


def _order(finding: Finding) -> tuple[object, ...]:
    log = tuple(
        (line.message, line.level, line.source, line.file or "", line.line or 0)
        for line in (*finding.log, *finding.report)
    )
    places = (finding.kind, finding.resource or "", finding.file or "", finding.line or 0, finding.exit_code or 0)
    return (*places, finding.message, log, finding.source, finding.complete, finding.has_finished)


def _key(failure: Failure) -> bytes:
    """What failures with the same cause have in common, as a digest: texts can be megabytes."""
    finding = failure.finding
    fields = (finding.kind, finding.resource, finding.file, finding.line, finding.exit_code)
    texts = (blanked(text, failure.node) for text in (finding.message, *(line.message for line in finding.log)))
    digest = blake2b(digest_size=20)
    for part in (*("" if value is None else f"={value}" for value in fields), *texts):
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8))
        digest.update(data)
    return digest.digest()
