"""Turns errors and notices into lines for the reader, on standard error."""

from jobevents_cli.errors import Interrupted, JobEventsError, PipeClosed
from jobevents_cli.output.streams import say
from jobevents_cli.render.escape import safe


def tell(text: str) -> None:
    """Say *text*, which may hold what a server said, on standard error."""
    say(safe(text))


def tell_error(error: JobEventsError) -> None:
    """The one place where an error becomes lines for the reader."""
    if isinstance(error, PipeClosed):
        return
    tell(f"{'Interrupted' if isinstance(error, Interrupted) else 'Error'}: {error.message}")
    if error.hint:
        tell(f"Hint: {error.hint}")
    for line in (error.go_on or "").splitlines():
        tell(line)
