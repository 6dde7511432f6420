"""The causes that `why` found: text for people, and one JSON object for each cause.

Longer than other modules because text and JSON show the same values under the same limits.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from jobevents_cli.model.causes import Cause, CauseKind, Finding
from jobevents_cli.model.explanation import Again, Explanation
from jobevents_cli.model.job_ref import Kind
from jobevents_cli.model.node_failures import STDERR
from jobevents_cli.model.report import LogLine
from jobevents_cli.render.escape import safe, safe_lines
from jobevents_cli.render.styles import Paint, cut, width, wrapped

LONGEST_TEXT: Final = 1024 * 1024
"""Bytes that a text has in JSON; the rest is cut, and the cut is marked."""

LONGEST_IN_ALL: Final = 64 * 1024 * 1024

SCREEN_ROWS: Final = 24
"""Rows of the usual screen."""

_LONGEST_LINE: Final = 500
"""Characters of a line of text that is not on a screen."""

_GAP: Final = "  "
PAINT: Final = re.compile(r"\x1b\[[0-9;]*m")
"""What begins and ends a style."""
_PATH: Final = re.compile(r"\(file: (/[^\s(),]*/)([^\s(),/]+)")
_CATALOG_WORDS: Final = (
    "Could not retrieve catalog from remote server: ",
    "Error 500 on SERVER: ",
    "Server Error: ",
    "Evaluation Error: ",
    "Error while evaluating a Function Call, ",
    "Error while evaluating a Resource Statement, ",
)
_TASK_WORDS: Final = re.compile(r"\AThe task failed with exit code -?[0-9]+ and no stdout, but stderr contained:\s*")
_CERTNAME: Final = re.compile("[A-Za-z0-9_][A-Za-z0-9_.-]*")


class Detail(NamedTuple):
    """How many rows of each part of a cause are shown."""

    message: int
    log: int
    nodes: int


_DETAILS: Final = (Detail(8, 3, 2), Detail(2, 3, 2), Detail(2, 2, 2), Detail(2, 1, 1), Detail(1, 1, 1))
"""From the most detail to the least. What still does not fit is drawn with the second: it scrolls in any case."""


class CauseText:
    """Draws explanations for a screen *columns* wide; without a limit for lines if that is None.

    An explanation that would not fit on *rows* is drawn with less detail, if it fits then.
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
        self._detail = _DETAILS[0]

    def lines(self, explanation: Explanation) -> list[str]:
        """Return the lines that explain one job."""
        name = f"{explanation.ref.label.capitalize()}" if explanation.ref else "Saved job"
        if not explanation.has_problems:
            return [f"{name}: {_nothing_wrong(explanation)}"]
        header = _GAP.join(part for part in (name, *_header(explanation)) if part)
        rows = wrapped(header, self._columns) if self._columns else [header]
        lines = [*(self._paint(row.rstrip(), "bold") for row in rows), ""]
        labels = [_label(cause) for cause in explanation.causes]
        again = again_command(explanation.again) if explanation.again else ""
        indent = max((len(label) for label in [*labels, "Again:" if again else ""]), default=0) + len(_GAP)
        last = [f"{'Again:':<{indent}}{again}"] if again else []
        around = self._height([*lines, *last])
        for detail in _DETAILS[:1] if self._all_nodes or self._logs else _DETAILS:
            causes = self._causes(explanation.causes, labels, indent, detail)
            if around + self._height(causes) < self._most_rows:
                return [*lines, *causes, *last]
        return [*lines, *self._causes(explanation.causes, labels, indent, _DETAILS[1]), *last]

    def _height(self, lines: Iterable[str]) -> int:
        """The rows that *lines* take on the screen."""
        if self._columns is None:
            return sum(1 for _ in lines)
        return sum(max(1, -(-width(_unpainted(line)) // self._columns)) for line in lines)

    def _causes(self, causes: Sequence[Cause], labels: Sequence[str], indent: int, detail: Detail) -> list[str]:
        self._detail = detail
        pairs = zip(causes, labels, strict=True)
        return [line for cause, label in pairs for line in self._cause(cause, label, indent)]

    def _cause(self, cause: Cause, label: str, indent: int) -> Iterator[str]:
        finding = cause.finding
        head, message = _head_and_message(finding, cause.nodes)
        if cause.has_finished:
            head += f"{_GAP}finished with an error"
        first, *more = self._rows(head, indent, self._detail.message)
        yield self._paint(f"{label:<{indent}}", "bold") + self._paint(first, "red")
        margin = " " * indent
        for row in more:
            yield margin + self._paint(row, "red")
        for row in self._message_rows(message, indent):
            yield margin + row
        for row in self._log_rows(finding, indent):
            yield margin + self._paint(row, "dim")
        for row in self._node_rows(cause.nodes, indent):
            yield margin + row

    def _message_rows(self, message: str, indent: int) -> list[str]:
        lines = [line for line in safe_lines(_begin(message)) if line.strip()]
        most = self._detail.message
        rows = [row for line in lines for row in self._rows(line, indent, most)]
        if len(rows) <= most:
            return rows
        # The first line and the last one say most.
        shown = [f"{lines[0]} …"] if most == 1 else [lines[0], lines[-1] if len(lines) == most else f"… {lines[-1]}"]
        return [row for line in shown for row in self._rows(line, indent, 1)]

    def _log_rows(self, finding: Finding, indent: int) -> Iterator[str]:
        if self._logs:
            for line in logged(finding, logs=True):
                text = " ".join(safe_lines(_begin(line.message)))
                yield from self._rows(f"{safe(line.level)}: {safe(_begin(line.source))}: {text}", indent, None)
            return
        errors, others = list[str](), list[str]()
        for line in finding.log:
            if not _says(finding.message, _begin(line.message).strip()):
                stream = errors if line.source == STDERR else others
                stream += [text for text in safe_lines(_begin(line.message)) if text.strip()]
        count, most = len(errors) + len(others), self._detail.log
        if count <= most:
            texts = [*errors, *others]
        elif most == 1:
            texts = [f"… {(errors or others)[-1]}"]
        else:
            texts = [f"… {_count(count - most + 1, 'more line')}", *_last_lines(errors, others, most - 1)]
        for text in texts:
            yield from self._rows(text, indent, 1)

    def _rows(self, text: str, indent: int, most: int | None) -> list[str]:
        """*text* on rows of the screen, at most *most*; on one line, cut if it is very long, without a screen."""
        if self._columns is None:
            return [text if most is None else cut(text, _LONGEST_LINE)]
        room = max(20, self._columns - indent)
        rows = wrapped(text, room)
        if most is not None and len(rows) > most:
            rows = [*rows[: most - 1], cut(" ".join(rows[most - 1 : most + 1]), room)]
        return rows

    def _node_rows(self, nodes: Sequence[str], indent: int) -> Iterator[str]:
        names = [cut(safe(_begin(name)), _LONGEST_LINE) for name in nodes]
        room = max(20, self._node_columns - indent)
        rows = wrapped(" ".join(names), room) if self._all_nodes else _fitted_names(names, room, self._detail.nodes)
        yield from (row for row in rows if row)


def _last_lines(errors: Sequence[str], others: Sequence[str], most: int) -> list[str]:
    """The last lines of both, *most* in all. At least half of them are *errors*, if there are so many."""
    of_others = min(len(others), max(most // 2, most - len(errors)))
    of_errors = most - of_others
    return [*errors[len(errors) - of_errors :], *others[len(others) - of_others :]]


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


def _unpainted(line: str) -> str:
    return PAINT.sub("", line)


def _nothing_wrong(explanation: Explanation) -> str:
    where = " on nodes that match" if explanation.is_narrowed else ""
    if explanation.is_running:
        return f"nothing went wrong{where} so far; the job is running"
    if explanation.state == "failed" and not where:
        return "failed, but no node of it did"  # as the orchestrator calls a job without nodes
    return f"nothing went wrong{where}"


def _header(explanation: Explanation) -> Iterator[str]:
    counts = explanation.counts
    yield safe(explanation.state)
    yield safe(explanation.title)
    facts = [f"{counts.failed} of {_count(counts.nodes, 'node')} failed"] if counts.failed or counts.nodes else []
    if counts.finished_with_error:
        facts.append(f"{counts.finished_with_error} finished with an error")
    if counts.skipped:
        facts.append(f"{counts.skipped} skipped")
    causes = _count(len(explanation.causes), "cause")
    if explanation.is_running:
        thing = "plan" if explanation.ref and explanation.ref.kind is Kind.PLAN else "job"
        causes += f" so far, the {thing} is running"
    yield f"{', '.join(facts)}: {causes}" if facts else causes


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _label(cause: Cause) -> str:
    return _count(len(cause.nodes), "node") if cause.nodes else "plan"


def _head_and_message(finding: Finding, nodes: Sequence[str]) -> tuple[str, str]:
    """What failed, and the message that is shown below it."""
    if finding.kind is CauseKind.CATALOG:
        message = finding.message
        for words in _CATALOG_WORDS:
            message = message.removeprefix(words)
        for name in nodes[:1]:
            message = message.removesuffix(f" on node {name}")
        message = _PATH.sub(r"(file: …/\2", message[:LONGEST_TEXT])
        return "no catalog", "" if message == "no catalog was applied" else message
    if finding.resource:
        place = f"{_GAP}{safe((finding.file or '').rpartition('/')[2])}:{finding.line}" if finding.file else ""
        return f"{safe(_begin(finding.resource))}{place}", finding.message
    if finding.kind in (CauseKind.TASK, CauseKind.COMMAND) and finding.exit_code is not None:
        head = f"exit {finding.exit_code}"
        message = finding.message[:LONGEST_TEXT]
        return head, "" if message == f"exit code {finding.exit_code}" else _TASK_WORDS.sub("", message, count=1)
    first, _, rest = finding.message.partition("\n")
    return safe(_begin(first).strip()) or str(finding.kind), rest


def _begin(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT]


def again_command(again: Again) -> str:
    """Return the command that runs the nodes again, on one line and ready to paste; empty if there is none.

    Names are made by others. One that the shell or puppet could take for something else is quoted, and one that puppet
    cannot be given (with a comma, a control character) is left out.
    """
    names = [name for name in again.nodes if name and "," not in name and _is_plain(name)]
    left_out = len(again.nodes) - len(names)
    texts = (again.environment, again.task)
    if not names or not all(_is_plain(text) for text in texts) or again.task.startswith("-"):
        return ""
    nodes = ",".join(_quoted(name) for name in names)
    start = f"puppet task run {_quoted(again.task)}" if again.task else "puppet job run"
    command = f"{start} {_option('--nodes', names[0], nodes)}"
    if again.environment and not again.task:
        command += f" {_option('--environment', again.environment, _quoted(again.environment))}"
    if again.noop:
        command += " --noop"
    notes = ["add the task's parameters"] if again.has_parameters else []
    notes += [f"without {_count(left_out, 'node')} whose name puppet cannot take"] if left_out else []
    return f"{command} # {'; '.join(notes)}" if notes else command


def _is_plain(text: str) -> bool:
    return text.isprintable() and safe(text) == text


def _option(name: str, value: str, quoted: str) -> str:
    """The option *name*; a value that begins with a dash would be taken for an option itself."""
    return f"{name}={quoted}" if value.startswith("-") else f"{name} {quoted}"


def _quoted(text: str) -> str:
    return text if _CERTNAME.fullmatch(text) else "'" + text.replace("'", "'\"'\"'") + "'"


def _says(message: str, text: str) -> bool:
    """Whether *message* contains *text*, as whole words."""
    return re.search(rf"(?<!\w){re.escape(text)}(?!\w)", message) is not None


def logged(finding: Finding, *, logs: bool) -> list[LogLine]:
    """Return the lines of *finding*'s log; with *logs* also the run's other lines of level warning and above."""
    if not logs:
        return list(finding.log)
    own = set(finding.log)
    return [*finding.log, *(line for line in finding.report if line not in own)]


def cause_objects(explanation: Explanation, *, logs: bool = False) -> Iterator[dict[str, Any]]:
    """Yield the JSON object of each cause. Texts are complete up to 1 MB each and 64 MB in all, then cut and marked."""
    texts = _Texts()
    for cause in explanation.causes:
        finding = cause.finding
        yield {
            "cause": str(finding.kind),
            "count": len(cause.nodes),
            "nodes": list(cause.nodes),
            "resource": texts.cut(finding.resource) if finding.resource else None,
            "file": texts.cut(finding.file) if finding.file else None,
            "line": finding.line,
            "message": texts.cut(finding.message),
            "log": [
                {"level": texts.cut(line.level), "source": texts.cut(line.source), "message": texts.cut(line.message)}
                for line in logged(finding, logs=logs)
            ],
            "source": str(finding.source),
            "complete": finding.complete,
        }


class _Texts:
    """Cuts texts, and counts how much is left for all of them."""

    def __init__(self) -> None:
        self._left = LONGEST_IN_ALL

    def cut(self, text: str) -> str:
        """Return *text*, cut if it is too long."""
        most = min(LONGEST_TEXT, self._left)
        size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        self._left -= min(size, most)
        if size <= most:
            return text
        kept = text.encode("utf-8", "surrogatepass")[:most].decode("utf-8", "ignore")
        return f"{kept}… (cut: {size} bytes in all)"
