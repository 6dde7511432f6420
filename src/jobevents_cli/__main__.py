"""Where the program starts: `jobevents` and `python -m jobevents_cli`."""

import signal
import sys


def start() -> None:
    """Run the program. A Ctrl-C while it is still being loaded ends it without a traceback."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # httpx also loads its own command line, with rich and pygments: a quarter of the time until the first request. It
    # does without if that cannot be imported, and None is how the import system is told so.
    sys.modules["httpx._main"] = None  # type: ignore[assignment]
    from jobevents_cli.cli import main

    main()


if __name__ == "__main__":
    start()
