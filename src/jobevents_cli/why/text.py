"""The causes as text for people, on a screen or off it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from jobevents_cli.model.job_ref import Kind
from jobevents_cli.model.telling_line import lines_of, telling_lines
from jobevents_cli.render.escape import safe, safe_row
from jobevents_cli.render.markdown_code import code, code_block
from jobevents_cli.render.styles import Paint, cut, plain, width, wrapped
from jobevents_cli.why.again import again_command
from jobevents_cli.why.cause_objects import log_of
from jobevents_cli.why.causes import Cause, CauseKind, Finding
from jobevents_cli.why.report import LogLine

if TYPE_CHECKING:
    from jobevents_cli.why.explanation import Explanation  # which makes texts with this module

SCREEN_ROWS: Final = 24
"""Rows of the usual screen."""

_MOST_LINES: Final = 50
"""Lines of a cause that are printed where there is no screen to fit on."""

LONGEST_LINE: Final = 4000
"""Characters of a line that are printed off the screen."""

_LONGEST_NAME: Final = 500
_LEAST_ROOM: Final = 20
_MOST_NAMES: Final = 10
"""Resources that are named together."""

NAME_COLUMNS: Final = 100
_ANY_HEIGHT: Final = 10_000
GAP: Final = "  "
_PAINT: Final = re.compile(r"\x1b\[[0-9;]*m")
_CATALOG_WORDS: Final = re.compile(
    "(?:Could not retrieve catalog from remote server: |Error 500 on SERVER: Server Error: |Server Error: "
    "|Evaluation Error: |Error while evaluating an? [A-Za-z' ]{1,40}, )+"
)
_PATH: Final = re.compile(r"(\(file: |\bat |, )((?:/|[A-Z]:[/\\])[^\s(),:]*[/\\][^\s(),:/\\]+)(?=[,:)]|\s|\Z)")
_MODULE: Final = re.compile(
    r"(?:\A|[/\\])(?P<before>[^/\\]*)[/\\](?P<path>[^/\\]+[/\\](?:manifests|templates|functions|types|lib|files|plans)[/\\].+)\Z"
)


class _Detail(NamedTuple):
    """How much of each cause is shown: lines, rows of each line, and rows of names."""

    lines: int
    rows: int
    names: int


_DETAILS: Final = (
    *(_Detail(lines, 4, 2) for lines in (50, 30, 20, 16, 12, 10, 8, 6, 5)),
    _Detail(4, 3, 2),
    _Detail(3, 3, 2),
    _Detail(3, 2, 2),
    _Detail(2, 2, 1),
    _Detail(1, 2, 1),
    _Detail(1, 1, 1),
)
"""From the most to the least."""

_SCROLLING: Final = _Detail(3, 3, 2)
"""What does not fit on the screen in any case."""


@dataclass(frozen=True, slots=True)
class _Content:
    """What a cause says: its head, and the lines below it, of which the last *logged* are from a log."""

    label: str
    head: str
    lines: list[str]
    logged: int
    left_out: int
    nodes: Sequence[str]
    log: Sequence[LogLine]
    """What `--logs` prints."""


class CauseText:
    """Draws explanations for a screen *columns* wide; without a screen, in whole lines, if that is None.

    On a screen as much of each cause is drawn as leaves all of them visible within *rows*.
    """

    def __init__(
        self,
        *,
        columns: int | None,
        node_columns: int,
        paint: Paint,
        rows: int = SCREEN_ROWS,
        all_nodes: bool = False,
        logs: bool = False,
    ) -> None:
        """*node_columns*: the width for lists of names. *all_nodes* and *logs* are the options of those names."""
        self._columns = columns
        self._node_columns = node_columns
        self._paint = paint
        self._all_nodes = all_nodes
        self._logs = logs
        self._most_rows = rows

    def lines(self, explanation: "Explanation") -> list[str]:
        """Return the lines that explain one job."""
        name = explanation.ref.label.capitalize() if explanation.ref else "Saved job"
        if not explanation.has_problems:
            return [f"{name}: {_nothing_wrong(explanation)}"]
        header = GAP.join(part for part in (name, *_header(explanation)) if part)
        rows = wrapped(header, self._columns) if self._columns else [header]
        top = [*(self._paint(row.rstrip(), "bold") for row in rows), ""]
        return [*top, *self.causes(explanation, rows_taken=self._height(top))]

    def causes(self, explanation: "Explanation", *, rows_taken: int = 0) -> list[str]:
        """Return the causes without a header, and how to run again; *rows_taken*: rows of the screen that are used."""
        printed: set[int] = set()
        contents = [_content(cause, printed if self._logs else None) for cause in explanation.causes]
        again = again_command(explanation.again) if explanation.again else ""
        labels = [content.label for content in contents] + (["Again:"] if again else [])
        indent = max(map(len, labels), default=0) + len(GAP)
        last = [f"{'Again:':<{indent}}{again}"] if again else []
        more = f"jobevents why {explanation.ref} --logs" if explanation.ref else "jobevents why --logs"
        room = self._most_rows - 1 - rows_taken - self._height(last)
        for detail in self._possible_details(contents, room):
            lines = [line for content in contents for line in self._cause(content, indent, detail, more)]
            if self._columns is None or self._logs or self._all_nodes or self._height(lines) <= room:
                return [*lines, *last]
        return [*(line for content in contents for line in self._cause(content, indent, _SCROLLING, more)), *last]

    def _possible_details(self, contents: Iterable[_Content], room: int) -> Sequence[_Detail]:
        """Return the details to try: none if not even the least of each cause fits."""
        if self._columns is None:
            return _DETAILS[:1]
        least = sum(2 + bool(content.lines) for content in contents)
        return _DETAILS if least <= room or self._logs or self._all_nodes else ()

    def _height(self, lines: Iterable[str]) -> int:
        """The rows that *lines* take on the screen."""
        if self._columns is None:
            return sum(1 for _ in lines)
        return sum(max(1, -(-width(_PAINT.sub("", line)) // self._columns)) for line in lines)

    def _cause(self, content: _Content, indent: int, detail: _Detail, more: str) -> Iterator[str]:
        first, *rest = self._rows(content.head, indent, detail.rows)
        yield self._paint(f"{content.label:<{indent}}", "bold") + self._paint(first, "red")
        margin = " " * indent
        yield from (margin + self._paint(row, "red") for row in rest)
        if self._logs:
            lines = chain(content.lines[: len(content.lines) - content.logged], _with_source(content.log))
            yield from (margin + row for line in lines for row in self._rows(safe_row(line.expandtabs()), indent, None))
        else:
            yield from (margin + row for row in self._chosen(content, indent, detail, more))
        yield from (margin + row for row in self._name_rows(content.nodes, indent, detail.names) if row)

    def _chosen(self, content: _Content, indent: int, detail: _Detail, more: str) -> Iterator[str]:
        """Yield the lines that tell most, and how many there are beside them."""
        lines = content.lines
        chosen = telling_lines(lines, detail.lines)
        best = telling_lines(lines, 1)
        for place in chosen:
            style = "dim" if place >= len(lines) - content.logged and place not in best else ""
            for row in self._rows(safe_row(lines[place].expandtabs()), indent, detail.rows):
                yield self._paint(row, style) if style else row
        if left := len(lines) - len(chosen) + content.left_out:
            yield from (
                self._paint(row, "dim") for row in self._rows(f"… {counted(left, 'more line')}: {more}", indent, 2)
            )

    def _rows(self, text: str, indent: int, most: int | None) -> list[str]:
        """*text* on rows of the screen, at most *most*; on one line, cut if it is very long, without a screen."""
        text = safe(text.expandtabs())
        if self._columns is None:
            return [text if most is None else cut(text, LONGEST_LINE)]
        room = max(20, self._columns - indent)
        rows = wrapped(text if most is None else text[: room * (most + 1)], room, breaks=most is not None)
        if most is not None and len(rows) > most:
            rows = [*rows[: most - 1], cut(" ".join(rows[most - 1 : most + 1]), room)]
        return rows

    def _name_rows(self, nodes: Sequence[str], indent: int, most: int) -> list[str]:
        return name_rows(nodes, self._node_columns - indent, None if self._all_nodes else most)


def plain_text(explanation: "Explanation", width: int | None) -> str:
    """Return *explanation* without colours, for a screen of that *width*, however high it is; else in whole lines."""
    text = CauseText(columns=width, node_columns=width or NAME_COLUMNS, paint=plain, rows=_ANY_HEIGHT)
    return "".join(f"{line}\n" for line in text.lines(explanation))


def markdown_text(explanation: "Explanation") -> str:
    """Return *explanation* as Markdown: its first line as a heading, the causes in a block of code."""
    heading, *lines = plain_text(explanation, None).splitlines()
    block = code_block(lines[1:]) if lines else []
    return "".join(f"{line}\n" for line in [f"## {code(heading)}", "", *block])


def texts_by_node(explanation: "Explanation") -> dict[str, str]:
    """Return for each node that failed what went wrong on it, as plain text."""
    text = CauseText(columns=None, node_columns=NAME_COLUMNS, paint=plain)
    texts: dict[str, str] = {}
    for cause in explanation.causes:
        said = "\n".join(text.causes(replace(explanation, causes=(cause,), again=None)))
        for node in cause.nodes:
            texts[node] = f"{texts[node]}\n\n{said}" if node in texts else said
    return texts


def _content(cause: Cause, printed: set[int] | None) -> _Content:
    """What *cause* says. Where logs are printed, *printed* has the runs whose other lines stand below another cause."""
    finding = cause.finding
    head, message = _head_and_message(finding, cause.nodes)
    if cause.has_finished:
        head += f"{GAP}finished with an error"
    said = lines_of(message)
    lines = list(said.lines)
    if finding.explained:
        lines.append(_resources(finding.explained))
    logged, left_out = ([], 0) if finding.explained else _log_lines(finding.log, finding.message, said.lines)
    label = counted(len(cause.nodes), "node") if cause.nodes else "plan"
    log: Sequence[LogLine] = ()
    if printed is not None:
        log = log_of(finding, logs=id(finding.report) not in printed)
        printed.add(id(finding.report))
    return _Content(label, head, [*lines, *logged], len(logged), said.left_out + left_out, cause.nodes, log)


def _with_source(log: Iterable[LogLine]) -> Iterator[str]:
    for entry in log:
        first, *others = lines_of(entry.message).lines or [""]
        yield f"{entry.level}: {entry.source}: {first}"
        yield from (f"  {line}" for line in others)


def _log_lines(log: Iterable[LogLine], message: str, said: Iterable[str]) -> tuple[list[str], int]:
    """Return the lines of *log* that *message*, whose lines were *said*, does not say, each once; how many more."""
    seen = {line.strip() for line in said} | {line.strip() for line in lines_of(message).lines}
    lines: list[str] = []
    left_out = 0
    for entry in log:
        text = lines_of(entry.message)
        left_out += text.left_out
        for line in text.lines:
            if (key := line.strip()) not in seen and not _says(message, key):
                seen.add(key)
                lines.append(line)
    return lines, left_out


def _says(message: str, text: str) -> bool:
    """Whether *message*, if it is a short one, contains *text* as whole words."""
    if len(message) > LONGEST_LINE:
        return False
    at = message.find(text)
    return at >= 0 and not message[at - 1 : at].isalnum() and not message[at + len(text) : at + len(text) + 1].isalnum()


def _head_and_message(finding: Finding, nodes: Sequence[str]) -> tuple[str, str]:
    """What failed, and the message that is shown below it."""
    message = finding.message
    if finding.kind is CauseKind.CATALOG:
        for name in nodes[:1]:
            message = message.rstrip().removesuffix(f" on node {name}")
        message = shortened_paths(_CATALOG_WORDS.sub("", message, count=1))
        return "no catalog", "" if message == "no catalog was applied" else message
    if finding.resource:
        place = short_path(finding.file) if finding.file else ""
        if place and finding.line is not None:
            message = message.removesuffix(f" (file: {finding.file}, line: {finding.line})")
            place = f"{place}:{finding.line}"
        return GAP.join(filter(None, (finding.resource[:LONGEST_LINE], place))), shortened_paths(message)
    if finding.kind in (CauseKind.TASK, CauseKind.COMMAND) and finding.exit_code is not None:
        return f"exit {finding.exit_code}", "" if message == f"exit code {finding.exit_code}" else message
    if finding.kind is CauseKind.RUN:
        message = shortened_paths(message)
    lines = lines_of(message)
    first = lines.lines[0] if lines.lines else str(finding.kind)
    return first, message.partition(first.strip())[2]


def shortened_paths(message: str) -> str:
    """Return *message* with the paths of Puppet code in it shortened: `(file: …/nginx/manifests/init.pp, line: 3)`."""
    if len(message) > LONGEST_LINE * 4:
        return message
    return _PATH.sub(lambda match: f"{match[1]}…/{short_path(match[2])}", message)


def short_path(path: str) -> str:
    """Return *path* from the module on, `nginx/manifests/init.pp`; elsewhere its last two names."""
    module = _MODULE.search(path)
    if module and module["before"] != "environments":
        return module["path"].replace("\\", "/")
    return "/".join(re.split(r"[/\\]", path)[-2:])


def _resources(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMES])
    more = f" … and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"{counted(len(names), 'resource')}: {shown}{more}"


def name_rows(nodes: Sequence[str], room: int, most: int | None) -> list[str]:
    """The names of *nodes* in rows of *room* columns: at most so many rows, or all names if *most* is None."""
    room = max(_LEAST_ROOM, room)
    names = [cut(safe_row(name[:LONGEST_LINE]), _LONGEST_NAME) for name in nodes]
    return wrapped(" ".join(names), room) if most is None else _fitted_names(names, room, most)


def _fitted_names(names: Sequence[str], room: int, most: int) -> list[str]:
    """As many *names* as fit *most* rows of *room* columns, and how many more there are."""
    rows = [""]
    for index, name in enumerate(names):
        row = f"{rows[-1]} {name}".lstrip()
        left = len(names) - index - 1
        more = f" … and {left + 1} more"
        is_last_row = len(rows) == most
        # The last row needs room for what says how many more there are.
        reserved = len(f" … and {left} more") if is_last_row and left else 0
        if not rows[-1] or width(row) + reserved <= room:
            rows[-1] = row
        elif is_last_row:
            rows[-1] += more
            return rows
        elif len(rows) + 1 == most and left and width(name) + len(f" … and {left} more") > room:
            return [*rows, more.lstrip()]  # one more name and how many more there are do not fit
        else:
            rows.append(name)
    return rows


def _nothing_wrong(explanation: "Explanation") -> str:
    where = " on nodes that match" if explanation.is_narrowed else ""
    if explanation.is_running:
        return f"nothing went wrong{where} so far; the {_thing(explanation)} is running"
    if explanation.state == "failed" and not where:
        return "failed, but no node of it did"  # as the orchestrator calls a job without nodes
    return f"nothing went wrong{where}"


def _header(explanation: "Explanation") -> Iterator[str]:
    counts = explanation.counts
    yield safe(explanation.state)
    yield safe(explanation.title)
    facts = [f"{counts.failed} of {counted(counts.nodes, 'node')} failed"] if counts.failed or counts.nodes else []
    if counts.finished_with_error:
        facts.append(f"{counts.finished_with_error} finished with an error")
    if counts.skipped:
        facts.append(f"{counts.skipped} skipped")
    causes = counted(len(explanation.causes), "cause")
    if explanation.is_running:
        causes += f" so far, the {_thing(explanation)} is running"
    yield f"{', '.join(facts)}: {causes}" if facts else causes


def _thing(explanation: "Explanation") -> str:
    return "plan" if explanation.ref and explanation.ref.kind is Kind.PLAN else "job"


def counted(number: int, thing: str) -> str:
    """Return `1 node`, `2 nodes`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
