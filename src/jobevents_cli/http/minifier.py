"""Checks long JSON text and removes its white space with SQLite, several times as fast as Python's decoder.

SQLite's JSON functions (sqlite.org/json1.html) keep numbers, strings and repeated keys as they are spelled, and accept
what Python's decoder accepts, though values may be nested more deeply. While they work, other threads run.
"""

from typing import TYPE_CHECKING, Any, Final

from jobevents_cli.model.json_text import is_loose

if TYPE_CHECKING:
    import sqlite3

_VALUE: Final = "SELECT json(?1)"
_COUNTS: Final = "SELECT count(*), sum(type = 'object') FROM json_each(?1)"
"""Without the text: to return it beside the counts would cost as much as counting."""

_LENIENT: Final = (3, 42)
"""The first version whose functions also accept JSON5. In older ones json_valid() would parse the text once more."""


class Minifier:
    """SQLite's JSON functions, in a database of its own in memory. Not for several threads at once."""

    def __init__(self) -> None:
        self._connection: sqlite3.Connection | None = None

    def value(self, text: str) -> str | None:
        """The JSON value *text* without white space; None if it is not valid, or Python comes without SQLite."""
        row = self._row(_VALUE, text)
        return row[0] if row else None

    def objects(self, text: str) -> tuple[str, int] | None:
        """The list of objects *text* without white space, and how many they are.

        None if *text* is not a list, has other elements, is not valid, or Python comes without SQLite.
        """
        tight = self.value(text) if is_loose(text) else text
        counts = self._row(_COUNTS, tight) if tight and tight.startswith("[") else None
        return (tight, counts[0]) if tight and counts and counts[0] == counts[1] else None

    def _row(self, query: str, text: str) -> Any:
        try:
            import sqlite3
            import weakref
        except ImportError:  # Python can be built without it
            return None
        if "\0" in text:  # there SQLite would take the text to end
            return None
        if self._connection is None:
            # A response may be read by one thread after another.
            self._connection = sqlite3.connect(":memory:", check_same_thread=False)
            # Not at exit: another thread may be within a query then, and would crash.
            weakref.finalize(self, self._connection.close).atexit = False
        if sqlite3.sqlite_version_info >= _LENIENT:
            query = f"{query} WHERE json_valid(?1)"
        try:
            return self._connection.execute(query, (text,)).fetchone()
        except (sqlite3.Error, UnicodeEncodeError):
            return None
