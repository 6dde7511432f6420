"""Finds the new ones among events that have no usable id."""

from collections.abc import Iterable
from typing import Final

from jobevents_cli.following.id_set import IdSet
from jobevents_cli.model.event import Event

_DIGEST_BYTES: Final = 8


class UnorderedEvents:
    """Events without an order, each known by its whole text and by how many equal ones came before it in the page."""

    __slots__ = ("_known", "_repeats", "_response")

    def __init__(self, known: Iterable[int] = ()) -> None:
        """*known*: the digests that an earlier run kept."""
        self._known = IdSet(known)
        self.begin_response()

    def begin_response(self) -> None:
        """Count equal events anew."""
        self._response = IdSet()
        self._repeats: dict[int, int] = {}

    def add(self, event: Event) -> bool:
        """Note that *event* came; False if it is known."""
        text = event.text
        digest = _digest(text, 0)
        number = 0
        if not self._response.add(digest):
            number = self._repeats[digest] = self._repeats.get(digest, 0) + 1
        return self._known.add(_digest(text, number) if number else digest)

    def add_next(self, event: Event) -> None:
        """Note that one more event equal to *event* was handled, whatever the response in which it came."""
        number, text = 0, event.text
        while not self._known.add(_digest(text, number)):
            number += 1

    @property
    def known(self) -> tuple[int, ...]:
        """The digests of all events that came, for a cursor."""
        return tuple(self._known)


def _digest(text: bytes, number: int) -> int:
    from hashlib import blake2b  # rarely needed, and it slows the start

    return int.from_bytes(blake2b(b"%d %b" % (number, text), digest_size=_DIGEST_BYTES).digest(), signed=True)
