"""What a job changed, as text for people and as JSON."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from jobevents_cli.model.job_ref import Kind
from jobevents_cli.model.telling_line import lines_of, telling_line
from jobevents_cli.render.escape import safe, safe_row
from jobevents_cli.render.styles import Paint, cut, plain, wrapped
from jobevents_cli.why.property_value import as_value
from jobevents_cli.why.text import GAP, LONGEST_LINE, NAME_COLUMNS, counted, name_rows, short_path

if TYPE_CHECKING:
    from jobevents_cli.why.changes import Change, Changes  # which makes texts with this module

ON_SCREEN: Final = 50
"""Changes that are printed on a terminal, if `--limit` does not say otherwise."""

_MOST_ROWS: Final = 3
"""Rows that a value takes on a screen."""

_NAME_ROWS: Final = 2

_CHECKSUM: Final = re.compile(r"(\{[a-z0-9]+\}[0-9a-f]{4})[0-9a-f]{8,}")


class ChangesText:
    """Draws changes for a screen *columns* wide; without a screen, in whole lines, if that is None."""

    def __init__(
        self,
        *,
        columns: int | None,
        node_columns: int,
        paint: Paint,
        all_nodes: bool = False,
        limit: int | None = None,
        is_narrowed: bool = False,
    ) -> None:
        """*node_columns*: the width for lists of names. *limit*: at most so many changes. *is_narrowed*: `--node`."""
        self._columns = columns
        self._node_columns = node_columns
        self._paint = paint
        self._all_nodes = all_nodes
        self._limit = limit
        self._is_narrowed = is_narrowed

    def lines(self, changes: "Changes") -> Iterator[str]:
        """Yield the lines that say what one job changed."""
        name = changes.ref.label.capitalize()
        failed = f"{counted(changes.failed, 'node')}: jobevents why {changes.ref}" if changes.failed else ""
        if not changes.changes:
            yield f"{name}: {self._nothing(changes)}"
            if failed:
                yield f"Failed: {failed}"
            return
        header = GAP.join(part for part in (name, *_header(changes)) if part)
        for row in wrapped(header, self._columns) if self._columns else [header]:
            yield self._paint(row.rstrip(), "bold")
        yield ""
        shown = changes.changes[: self._limit]
        labels = [counted(len(change.nodes), "node") for change in shown] + ["Failed:"] * bool(failed)
        widest = max(map(len, labels), default=0)
        for change, label in zip(shown, labels, strict=False):
            yield from self._change(change, f"{label:>{widest}}")
        if more := len(changes.changes) - len(shown):
            yield f"… and {counted(more, 'more change')}: --limit {len(changes.changes)}"
        if failed:
            yield f"{'Failed:':>{widest}}{GAP}{failed}"

    def _change(self, change: "Change", label: str) -> Iterator[str]:
        indent = len(label) + len(GAP)
        place = short_path(change.file) if change.file else ""
        place += f":{change.line}" if place and change.line is not None else ""
        head = GAP.join(filter(None, (change.resource, place, "corrective" if change.corrective else "")))
        first, *rest = self._rows(head, indent)
        yield f"{self._paint(label, 'bold')}{GAP}{self._paint(first, 'green')}"
        margin = " " * indent
        yield from (margin + self._paint(row, "green") for row in rest)
        yield from (
            margin + row
            for row in self._rows(safe_row(said(change, is_short=self._columns is not None).expandtabs()), indent)
        )
        yield from (margin + row for row in self._names(change.nodes, indent) if row)

    def _rows(self, text: str, indent: int) -> list[str]:
        text = safe(text.expandtabs())
        if self._columns is None:
            return [cut(text, LONGEST_LINE)]
        room = max(20, self._columns - indent)
        rows = wrapped(text[: room * (_MOST_ROWS + 1)], room)
        return (
            rows if len(rows) <= _MOST_ROWS else [*rows[: _MOST_ROWS - 1], cut(" ".join(rows[_MOST_ROWS - 1 :]), room)]
        )

    def _names(self, nodes: tuple[str, ...], indent: int) -> list[str]:
        return name_rows(nodes, self._node_columns - indent, None if self._all_nodes else _NAME_ROWS)

    def _nothing(self, changes: "Changes") -> str:
        if not changes.has_runs:
            return "no Puppet runs: tasks report no changes"
        where = " on nodes that match" if self._is_narrowed else ""
        so_far = f" so far; the {_thing(changes)} is running" if changes.is_running else ""
        return f"nothing {'would change' if changes.is_noop else 'changed'}{where}{so_far}"


def plain_text(changes: "Changes", width: int | None) -> str:
    """Return *changes* without colours, for a screen of that *width*; without one in whole lines."""
    text = ChangesText(columns=width, node_columns=width or NAME_COLUMNS, paint=plain)
    return "".join(f"{line}\n" for line in text.lines(changes))


def change_objects(changes: "Changes", limit: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield the JSON object of each change."""
    for change in changes.changes[:limit]:
        yield {
            "count": len(change.nodes),
            "nodes": list(change.nodes),
            "resource": change.resource,
            "property": change.property,
            "old": change.old,
            "new": change.new,
            "message": change.message,
            "file": change.file,
            "line": change.line,
            "corrective": change.corrective,
            "noop": change.noop,
        }


def said(change: "Change", *, is_short: bool) -> str:
    """Return what happened: `ensure: 1.18.0 became 1.24.0`. *is_short*: of checksums only the first digits."""
    if change.old is None and change.new is None:
        return telling_line(lines_of(change.message).lines)
    verb = "would become" if change.noop else "became"
    text = f"{_value(change.old)} {verb} {_value(change.new)}"
    text = f"{change.property}: {text}" if change.property else text
    return _CHECKSUM.sub(r"\1…", text) if is_short else text


def _value(value: Any) -> str:
    text = as_value(value)
    return text if text.strip() else f"'{text}'"


def _header(changes: "Changes") -> Iterator[str]:
    yield safe(changes.state)
    yield safe(f"{changes.title}, noop" if changes.is_noop else changes.title)
    verb = "would change" if all(change.noop for change in changes.changes) else "changed"
    found = counted(len(changes.changes), "change")
    if changes.is_running:
        found += f" so far, the {_thing(changes)} is running"
    yield f"{changes.changed} of {counted(changes.nodes, 'node')} {verb}: {found}"


def _thing(changes: "Changes") -> str:
    return "plan" if changes.ref.kind is Kind.PLAN else "job"
