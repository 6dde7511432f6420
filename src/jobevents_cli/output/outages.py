"""What is said about contact with the orchestrator: an outage of several jobs is one outage."""

from collections.abc import Callable, Hashable, Iterable

from jobevents_cli.following.notices import ContactBack, ContactLost, Notice
from jobevents_cli.output.notices import sentence


class Outages:
    """The jobs and searches without contact: one notice when contact is lost, one when all of them have it again."""

    def __init__(self, say: Callable[[str], None]) -> None:
        """*say* prints a line, which may contain a server's text."""
        self._say = say
        self._lost: set[Hashable] = set()
        self._back: ContactBack | None = None

    @property
    def are_open(self) -> bool:
        """Whether anything has no contact."""
        return bool(self._lost)

    def note(self, source: Hashable, label: str, notices: Iterable[Notice]) -> None:
        """Print *notices* about *source*, whose name is *label*; no name if that is empty."""
        about = f"{label}: " if label else ""
        for notice in notices:
            if isinstance(notice, ContactBack):
                self._back = notice
                self.forget(source)
            elif isinstance(notice, ContactLost):
                is_known = bool(self._lost)
                self._lost.add(source)
                if not is_known:
                    self._say(f"jobevents: {sentence(notice)}")
            else:
                self._say(f"jobevents: {about}{sentence(notice)}")

    def forget(self, source: Hashable) -> None:
        """Note that *source* is not followed any more, or has contact again."""
        self._lost.discard(source)
        if self._back and not self._lost:
            self._say(f"jobevents: {sentence(self._back)}")
            self._back = None
