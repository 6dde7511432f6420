"""A line on a terminal: columns that stay where they are; what does not fit continues on the next row."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from jobevents_cli.render.looks import STATUS_COLUMNS
from jobevents_cli.render.styles import Paint, hyperlink, is_linkable, plain, width, wrapped

_GAP: Final = 2
_TOOK: Final = 5
_HEAD: Final = 2 + STATUS_COLUMNS
_TIME: Final = len("HH:MM:SS")
_LEAST_TEXT: Final = 18
"""What happened gets at least so many columns: room for `changed 12 of 171`."""

_LEAST_NODE: Final = 16
"""If even a node column of this width does not fit, a line has no columns."""

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
            self._node = max(self._node, max(map(width, names), default=0))

    def know_tags(self, tags: Iterable[str]) -> None:
        """Size the job column for *tags*, unless a line was laid out already."""
        if not self._is_fixed:
            self._tag = max(self._tag, max(map(width, tags), default=0))

    def matches(self, texts: Iterable[str]) -> bool:
        """Whether a pattern to highlight matches in one of *texts*; yes if there is no pattern."""
        return not self._highlight or any(pattern.search(text) for text in texts for pattern in self._highlight)

    def with_columns(self, cells: Cells) -> str:
        """Return *cells* as rows, each with its line break."""
        if not self._is_fixed:
            self.know_nodes([cells.node])
            self.know_tags([cells.tag])
            if self._tag:
                self._node = max(self._node, _NODES_TO_COME)
            self._is_fixed = True
        node_at = self._head_at + _HEAD + _GAP + (self._tag + _GAP if self._tag else 0)
        room = self.columns - node_at - _TOOK - _GAP - _LEAST_TEXT
        if room < min(_LEAST_NODE, self._node):
            return self._without_columns(cells, node_at if node_at + self._node <= self.columns else 0)
        page = _Page(self.columns)
        self._begin(page, cells, self._head_at + _HEAD + _GAP)
        page.move(node_at, _GAP)
        text_at = node_at
        if cells.node or cells.took:
            self._put_wrapped(page, cells.node, node_at)
            node_end = node_at + min(self._node, room)
            text_at = node_end + _TOOK + _GAP
            if page.at > node_end and (cells.took or cells.what):
                page.new_row(node_end)  # the node is wider than its column: the rest starts on a new row
            page.move(node_end)
            page.put(cells.took.rjust(_TOOK) if len(cells.took) < _TOOK else f" {cells.took}")
        for number, paragraph in enumerate(cells.what):
            if number:
                page.new_row(text_at)
            else:
                page.move(text_at, 1 if text_at > node_at else 0)
            self._put_wrapped(page, paragraph, text_at)
        return self._ended(page, cells.link)

    def _without_columns(self, cells: Cells, node_at: int) -> str:
        """Return *cells* one after the other, for a narrow screen.

        Without columns, but the job and the node, which begins at *node_at*, keep to theirs if that is not 0.
        """
        indent = self._head_at or _GAP
        page = _Page(self.columns)
        self._begin(page, cells, self._head_at + _HEAD + _GAP if node_at else 0)
        page.move(node_at - _GAP)
        for part in (cells.node, cells.took, *cells.what):
            if not part:
                continue
            if page.at + _GAP + width(part) <= self.columns:
                page.move(0, _GAP)
            else:
                page.new_row(indent)
            self._put_wrapped(page, part, indent)
        return self._ended(page, cells.link)

    def _begin(self, page: "_Page", cells: Cells, tag_at: int) -> None:
        """Put time, status and job, the job at column *tag_at* at least."""
        if self._head_at:
            page.put(cells.time, self._paint(cells.time, "dim"))
            page.move(self._head_at, _GAP)
        page.put(cells.head, self._paint(cells.head, cells.head_style))
        if cells.tag:
            page.move(tag_at, _GAP)
            page.put(cells.tag, self._paint(cells.tag, cells.tag_style))

    def _put_wrapped(self, page: "_Page", text: str, indent: int) -> None:
        for number, row in enumerate(wrapped(text, self.columns - indent, self.columns - page.at)):
            if number:
                page.new_row(indent)
            page.put(row, self._marked(row))

    def _ended(self, page: "_Page", link: str) -> str:
        if link:
            # The whole address is on a row of its own; if the indent does not leave room, without it.
            page.new_row(max(0, min(self._head_at or _GAP, self.columns - width(link))))
            page.put(link, self._linked(link))
        return "".join(f"{row.rstrip()}\n" for row in page.rows)

    def _linked(self, link: str) -> str:
        return hyperlink(self._paint(link, "underline"), link) if self._links and is_linkable(link) else link

    def _marked(self, text: str) -> str:
        """Return *text* with what matches standing out."""
        if not self._highlight or not text:
            return text
        found = sorted(match.span() for pattern in self._highlight for match in pattern.finditer(text))
        parts = []
        done = 0
        for start, end in found:
            if end > max(start, done):
                parts += [text[done:start], self._paint(text[max(start, done) : end], "bold reverse")]
                done = end
        return "".join([*parts, text[done:]])


class _Page:
    """The rows of one line while they are written; *at* is the column after the text of the last row."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
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
