"""What a Puppet run's report says went wrong: its failed resources, and the errors that Puppet itself logged.

Messages are those of Puppet 4 to 8: puppet/transaction.rb, puppet/configurer.rb, puppet/util/logging.rb,
puppet/graph/simple_graph.rb.
"""

import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final, TypeVar

from jobevents_cli.model.telling_line import LOOKED_AT
from jobevents_cli.why.causes import CauseKind, Finding, Source
from jobevents_cli.why.report import LogLine, Report, ResourceFailure

_MOST_RESOURCES: Final = 2000
"""How many failed resources of a run are causes of their own; further ones are only counted."""

_MOST_OWN: Final = 20
"""How many errors of Puppet itself are causes of their own; further ones of a run are one cause together."""

_WRAPPED: Final = "\nWrapped exception:"
_CHANGE: Final = re.compile(r"change from [^\n]*? failed: ")
_PREFIX: Final = re.compile(
    "Could not evaluate: |Failed to call refresh: |Failed to apply catalog: |Could not apply complete catalog: "
    "|Could not retrieve catalog from remote server: |Could not run(?: Puppet configuration client)?: "
    "|Error [0-9]{3} on SERVER: |Server Error: |Error: "
)
_NO_CATALOG: Final = "Could not retrieve catalog"
_CONSEQUENCE: Final = re.compile(f"{_NO_CATALOG}; skipping run|One or more resource dependency cycles detected")
"""Errors that say nothing beside another one."""

_FACT: Final = re.compile(
    r"Facter\b|(?:Error|Could not|Failed to)(?: while)? (?:resolv|process|load|evaluat|retriev)\w* "
    r"(?:a |the )?(?:custom |external |structured |core )?facts?(?: file)?[ =:'\"]",
    re.IGNORECASE,
)
_ALL_FACTS: Final = "Could not retrieve local facts"
"""Not the error of a fact: it ends the run."""

_CYCLE: Final = re.compile(r"Found [0-9]+ dependency cycles?:")
_IN_CYCLE: Final = "resource is part of a dependency cycle"
_PREFETCH: Final = re.compile(r"Could not prefetch (?P<type>\S+) provider '(?P<name>[^']*)'")
_NOT_PREFETCHED: Final = re.compile(r"Prefetch failed for (?P<type>\S+) provider '(?P<name>[^']*)'")
_BROKEN_PROVIDER: Final = re.compile(r"Provider \S+ is not functional on this host")
_NO_PROVIDER: Final = "Could not find a suitable provider for "
_PLACE: Final = re.compile(r"\(?file: (?P<file>[^\s(),]+), line: (?P<line>[0-9]{1,9})")
_OLD_PLACE: Final = re.compile(r" at (?P<file>/[^\s:]+):(?P<line>[0-9]{1,9})")
_RESOURCE: Final = re.compile(r"/([A-Z][A-Za-z0-9_]*(?:::[A-Z][A-Za-z0-9_]*)*\[)")

_FURTHER: Final = ResourceFailure("", "", "")
"""Stands for each of those."""

Item = TypeVar("Item")
Steps = Generator[None, None, Item]
"""Work in small pieces: whoever drives it looks at signals and at the clock between two of them."""


def findings_of(report: Report, source: Source, *, only_resources: bool = False) -> Steps[list[Finding]]:
    """Yield after each line, and return what the *report*, known from *source*, says went wrong.

    Each failed resource is a finding, and so is each error that Puppet itself logged and that no resource repeats.
    *only_resources*: where resources failed, of the latter only those that explain them (an apply's log has more).
    """
    warnings: list[LogLine] = []
    of_puppet: list[LogLine] = []
    of_resources: list[LogLine] = []
    for line in report.log:
        yield
        if line.is_warning:
            warnings.append(line)
        if line.is_error and not _is_of_fact(line):
            (of_resources if line.source.startswith("/") else of_puppet).append(line)
    only_logged = yield from _only_logged(of_resources, report.failures, of_puppet)
    failed = (*report.failures, *only_logged)
    by_place = yield from _by_place(report.log, failed[:_MOST_RESOURCES])
    failures = [_with_message(failure, by_place) for failure in failed[:_MOST_RESOURCES]]
    said = {form for failure in failures for form in _forms(failure.message)}
    own = yield from _own_errors(of_puppet, said)
    findings: list[Finding] = []
    explained: dict[str, list[ResourceFailure]] = {}
    for failure in failures:
        yield
        if failure.message == _IN_CYCLE or _NOT_PREFETCHED.match(failure.message):
            explained.setdefault(failure.message, []).append(failure)
        else:
            findings.append(_of_resource(failure, by_place, said))
    if further := len(failed) - len(failures):
        findings.append(Finding(CauseKind.RUN, f"{further} further failures of resources"))
    findings += _of_puppet(own, explained, only_resources=only_resources and bool(failures))
    lines = tuple(warnings)
    return [replace(finding, report=lines, source=source) for finding in findings]


def _by_place(log: Iterable[LogLine], failures: Iterable[ResourceFailure]) -> Steps[dict[str, list[LogLine]]]:
    """Return the lines of *log* that the failed resources logged, by their paths, or by their names if that is all."""
    by_place: dict[str, list[LogLine]] = {failure.path or failure.resource: [] for failure in failures}
    has_names = any(not failure.path for failure in failures)
    for line in log:
        yield
        for place in (*line.places, resource_in(line.source)[1]) if has_names else line.places:
            if place in by_place:
                by_place[place].append(line)
    return by_place


def _with_message(failure: ResourceFailure, by_place: Mapping[str, Sequence[LogLine]]) -> ResourceFailure:
    """Return *failure* with a message: if its event has none, that of the resource's first error."""
    if failure.message:
        return failure
    errors = (line.message for line in by_place.get(failure.path or failure.resource, ()) if line.is_error)
    return replace(failure, message=next(errors, "failed"))


def _of_resource(failure: ResourceFailure, by_place: Mapping[str, Sequence[LogLine]], said: set[str]) -> Finding:
    own = by_place.get(failure.path or failure.resource, ())
    log = [line for line in own if line.level != "debug" and not (line.is_error and core(line.message) in said)]
    kind = CauseKind.RUN if _BROKEN_PROVIDER.match(failure.message) else CauseKind.RESOURCE
    return Finding(kind, failure.message, failure.resource, failure.file, failure.line, log=_ends_of(log))


def _ends_of(log: Sequence[LogLine]) -> tuple[LogLine, ...]:
    """Return *log* as far as it is looked at: as of a text, 64 KB at each end."""
    head = _count_within(log)
    tail = _count_within(log[head:][::-1])
    left_out = len(log) - head - tail
    if not left_out:
        return tuple(log)
    return (*log[:head], LogLine("notice", log[0].source, f"… {left_out} lines left out …"), *log[len(log) - tail :])


def _count_within(log: Iterable[LogLine]) -> int:
    count = room = 0
    for count, line in enumerate(log, 1):  # noqa: B007 - how many there were is the result
        room += len(line.message)
        if room > LOOKED_AT:
            break
    return count


def _only_logged(
    errors: Iterable[LogLine], failures: Iterable[ResourceFailure], of_none: list[LogLine]
) -> Steps[list[ResourceFailure]]:
    """Return the failed resources that only their *errors* tell of: PuppetDB deletes events before reports.

    Resources whose provider does not work on the host have no events either. Errors of no resource go to *of_none*.
    """
    known = {failure.resource for failure in failures}
    found: dict[tuple[str, str], ResourceFailure] = {}
    further = 0
    for line in errors:
        yield
        if len(found) > _MOST_RESOURCES:
            further += 1
            continue
        path, resource = resource_in(line.source)
        if not resource:
            of_none.append(line)
        if not resource or resource in known:
            continue
        message = line.message.partition(_WRAPPED)[0].strip().removeprefix("Could not evaluate: ")
        failure = ResourceFailure(resource, path, message, line.file, line.line)
        before = found.setdefault((path, core(message)), failure)
        if len(message) > len(before.message):  # with what it was tried for: "change from ... failed: "
            found[path, core(message)] = failure
    return [*found.values(), *[_FURTHER] * further]


def _own_errors(errors: Iterable[LogLine], said: set[str]) -> Steps[list[LogLine]]:
    """Return the errors of Puppet itself that no failed resource repeats, each once."""
    own: dict[str, LogLine] = {}
    for line in errors:
        yield
        text = core(line.message)
        if text in said:
            continue
        before = own.setdefault(text, line)
        if line.message.startswith(_NO_CATALOG) and not before.message.startswith(_NO_CATALOG):
            own[text] = line
    lines = list(own.values())
    return [line for line in lines if not _CONSEQUENCE.search(line.message[:LOOKED_AT])] or lines[:1]


def _of_puppet(
    own: Sequence[LogLine], explained: Mapping[str, Sequence[ResourceFailure]], *, only_resources: bool
) -> Iterator[Finding]:
    """Yield what Puppet's *own* errors explain, and what they say beside that."""
    unexplained = dict(explained)
    rest: list[LogLine] = []
    for line in own:
        message = line.message[:LOOKED_AT]
        keys = [key for key in unexplained if _explains(message, key)]
        resources = [failure for key in keys for failure in unexplained.pop(key)]
        if resources or _CYCLE.search(message) or message.startswith(_NO_PROVIDER):
            yield _of_line(line, resources)
        else:
            rest.append(line)
    for message, failures in unexplained.items():
        yield Finding(CauseKind.RUN, message, explained=_named(failures), log=_as_log(failures))
    if only_resources:
        return
    for line in rest[:_MOST_OWN]:
        yield _of_line(line, ())
    if further := rest[_MOST_OWN:]:
        log = _ends_of(further)
        yield Finding(CauseKind.RUN, f"{len(further)} further errors", log=log)


def _explains(message: str, failure: str) -> bool:
    """Whether Puppet's own *message* is the reason of resources with the message *failure*."""
    if failure == _IN_CYCLE:
        return _CYCLE.search(message) is not None
    prefetch, failed = _PREFETCH.search(message), _NOT_PREFETCHED.match(failure)
    return prefetch is not None and failed is not None and prefetch.groups() == failed.groups()


def _of_line(line: LogLine, resources: Sequence[ResourceFailure]) -> Finding:
    message = _readable(line.message)
    place = _place_in(line.message[:LOOKED_AT])
    return Finding(
        CauseKind.CATALOG if message.startswith(_NO_CATALOG) else CauseKind.RUN,
        message,
        file=line.file or (place[0] if place else None),
        line=line.line if line.file else place[1] if place else None,
        explained=_named(resources),
        log=_as_log(resources) if resources else (replace(line, message=message),),
    )


def _named(failures: Iterable[ResourceFailure]) -> tuple[str, ...]:
    return tuple(sorted({failure.resource for failure in failures}))


def _as_log(failures: Iterable[ResourceFailure]) -> tuple[LogLine, ...]:
    lines = {LogLine("err", each.path or each.resource, each.message, each.file, each.line) for each in failures}
    return tuple(sorted(lines, key=lambda line: line.source))


def _place_in(message: str) -> tuple[str, int] | None:
    """Return the file and the line of a catalog's error: the last that *message* names."""
    places = [*_OLD_PLACE.finditer(message), *_PLACE.finditer(message)]
    return (places[-1]["file"], int(places[-1]["line"])) if places else None


def _readable(message: str) -> str:
    r"""Return *message* without the exception that it wraps; Puppet sends "\n" in a cycle as two characters."""
    text, _, wrapped = message.partition(_WRAPPED)
    if _CYCLE.search(text[:LOOKED_AT]):
        text = text.partition("\\nTry the '--graph'")[0].replace("\\n", "\n")
    text, wrapped = text.strip(), wrapped.strip().partition(_WRAPPED)[0]
    return text if not wrapped or wrapped in text else f"{text}\n{wrapped}"


def core(message: str) -> str:
    """Return what an error says, whichever of its forms *message* is: plain, wrapped, or `change from ... failed:`."""
    text = message[:LOOKED_AT].partition(_WRAPPED)[0].strip()
    if match := _CHANGE.match(text):
        text = text[match.end() :]
    while match := _PREFIX.match(text):
        text = text[match.end() :]
    return text


def _forms(message: str) -> Iterator[str]:
    """Yield the forms in which Puppet's log may repeat the failure *message*."""
    yield message
    text = core(message)
    yield text
    _, colon, after = text.partition(": ")
    if colon and len(after) > 20:  # noqa: PLR2004 - enough to be no coincidence
        yield after


def _is_of_fact(line: LogLine) -> bool:
    """Whether the error is that of a fact. Facts are resolved before the run, and do not end it."""
    if line.source.startswith("Facter"):
        return True
    return _FACT.match(line.message[:200]) is not None and not line.message.startswith(_ALL_FACTS)


@lru_cache(maxsize=1024)
def resource_in(source: str) -> tuple[str, str]:
    """Return the path of the resource that the *source* of a log line names, and its name, `Type[title]`."""
    if not source.startswith("/"):
        return "", ""
    path = source if source.endswith("]") else source.rpartition("/")[0]
    names = [match.start() + 1 for match in _RESOURCE.finditer(path)]
    return (path, path[names[-1] :]) if names and path.endswith("]") else ("", "")
