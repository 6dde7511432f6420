"""Lays out the line of an event on a terminal: columns that stay where they are; what does not fit continues below."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from jobevents_cli.render.escape import is_linkable, safe
from jobevents_cli.render.looks import STATUS_COLUMNS
from jobevents_cli.render.styles import Paint, edge, flowed, plain, width

_GAP: Final = 2
_TOOK: Final = 5
_HEAD: Final = 2 + STATUS_COLUMNS
_TIME: Final = len("HH:MM:SS")
_SHORT_TEXT: Final = len("changed 4 of 171")
"""The columns leave so much at least."""

_LEAST_NODE: Final = 16
"""If even a node column of this width does not fit, what follows the node has no columns."""

_NODES_TO_COME: Final = 20
"""The least node column where several jobs are followed: of those that start later no node is known yet."""


class Cells(NamedTuple):
    """What one line shows, safe to print; *what* is a list of paragraphs. Empty cells stay blank."""

    time: str = ""
    head: str = ""
    head_style: str = ""
    tag: str = ""
    tag_style: str = ""
    node: str = ""
    took: str = ""
    what: Sequence[str] = ()
    link: str = ""


class Rows:
    """Lays lines out for a terminal. The columns are sized once, with the first line; `columns` may change."""

    def __init__(
        self,
        columns: int,
        *,
        paint: Paint = plain,
        links: bool = False,
        highlight: Sequence[re.Pattern[str]] = (),
        has_time: bool = True,
    ) -> None:
        """Lay out for so many *columns*.

        *links*: addresses become hyperlinks too. *highlight*: patterns whose matches stand out.
        """
        self.columns = columns
        self._paint = paint
        self._links = links
        self._highlight = tuple(highlight)
        self._head_at = _TIME + _GAP if has_time else 0
        self._tag = 0
        self._node = 0
        self._is_fixed = False

    def know_nodes(self, names: Iterable[str]) -> None:
        """Size the node column for *names*, unless a line was laid out already."""
        if not self._is_fixed:
            self._node = max([self._node, *(width(safe(name)) for name in names)])

    def know_tags(self, tags: Iterable[str]) -> None:
        """Size the job column for *tags*, unless a line was laid out already."""
        if not self._is_fixed:
            self._tag = max([self._tag, *map(width, tags)])

    def matches(self, texts: Iterable[str]) -> bool:
        """Whether a pattern to highlight matches in one of *texts*; yes if there is no pattern."""
        return not self._highlight or any(pattern.search(text) for text in texts for pattern in self._highlight)

    def laid_out(self, cells: Cells) -> str:
        """Return *cells* as rows, each with its line break."""
        if not self._is_fixed:
            self.know_nodes([cells.node])
            self.know_tags([cells.tag])
            if self._tag:
                self._node = max(self._node, _NODES_TO_COME)
            self._is_fixed = True
        page = _Page()
        page.put(cells.time, self._paint(cells.time, "dim"))
        page.move(self._head_at)
        page.put(cells.head, self._paint(cells.head, cells.head_style))
        node_at = self._head_at + _HEAD + _GAP
        if cells.tag:
            page.move(node_at, _GAP)
            page.put(cells.tag, self._paint(cells.tag, cells.tag_style))
        if self._tag:
            node_at += self._tag + _GAP
        if cells.node:
            at = node_at if node_at + self._node <= self.columns else page.at + _GAP
            self._put(page, flowed(cells.node, at, self.columns, page.at + _GAP))
        self._put_what(page, cells, node_at)
        if cells.link:
            page.new_row(edge(cells.link, self.columns))
            page.put(cells.link, self._linked(cells.link))
        return "".join(f"{row.rstrip()}\n" for row in page.rows)

    def _put_what(self, page: "_Page", cells: Cells, node_at: int) -> None:
        """Put how long the node took and what happened: in columns, or one after the other if there is no room."""
        what, at = list(cells.what), node_at
        room = self.columns - node_at - _TOOK - _GAP - _SHORT_TEXT
        node_end = node_at + min(self._node, room)
        took_at = max(node_end + max(1, _TOOK - len(cells.took)), page.at + _GAP if page.at > node_end else 0)
        if room < min(_LEAST_NODE, self._node) or took_at + len(cells.took) > self.columns:
            at = page.at + _GAP
            what[:1] = ["  ".join(filter(None, [cells.took, *what[:1]]))]
        elif cells.node or cells.took:
            at = node_end + _TOOK + _GAP
            if cells.took:
                page.move(took_at)
                page.put(cells.took)
        for number, text in enumerate(what):
            used = self.columns if number else page.at if page.at < at else page.at + _GAP
            self._put(page, flowed(text, at, self.columns, used))

    def _put(self, page: "_Page", rows: Sequence[tuple[int, str]]) -> None:
        for number, (column, row) in enumerate(rows):
            if number:
                page.new_row(column)
            page.move(column)
            page.put(row, self._marked(row))

    def _linked(self, link: str) -> str:
        if not (self._links and is_linkable(link)):
            return link
        from jobevents_cli.render.theme import hyperlink

        return hyperlink(self._paint(link, "address"), link)

    def _marked(self, text: str) -> str:
        """Return *text* with what matches standing out."""
        if not self._highlight or not text:
            return text
        found = sorted(match.span() for pattern in self._highlight for match in pattern.finditer(text))
        parts = []
        done = 0
        for start, end in found:
            if end > max(start, done):
                parts += [text[done:start], self._paint(text[max(start, done) : end], "match")]
                done = end
        return "".join([*parts, text[done:]])


class _Page:
    """The rows of one line while they are written; *at* is the column after the text of the last row."""

    def __init__(self) -> None:
        self.rows = [""]
        self.at = 0

    def put(self, text: str, painted: str | None = None) -> None:
        """Put *text*, which is written as *painted*."""
        self.rows[-1] += text if painted is None else painted
        self.at += width(text)

    def move(self, column: int, gap: int = 0) -> None:
        """Put blanks up to *column*, at least *gap* of them."""
        self.put(" " * max(column - self.at, gap))

    def new_row(self, column: int) -> None:
        """Begin a new row at *column*."""
        self.rows.append(" " * column)
        self.at = column
