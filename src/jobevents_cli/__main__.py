"""Where the program starts: `jobevents` and `python -m jobevents_cli`."""

import atexit
import gc
import os
import signal
import sys
from typing import NoReturn


def start() -> NoReturn:
    """Run the program. A Ctrl-C while it is still being loaded ends it without a traceback."""
    if sys.version_info < (3, 11):  # noqa: UP036 - pip refuses such a Python, the one file does not
        sys.stderr.write("Error: jobevents needs Python 3.11 or newer; this is Python " + sys.version.split()[0] + "\n")
        sys.exit(2)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Loaded modules stay, and events have no cycles: collecting garbage more often would only cost time.
    if sys.version_info >= (3, 14):  # the other thresholds mean something else there
        gc.set_threshold(250_000)
    else:
        gc.set_threshold(250_000, 50, 50)
    from jobevents_cli.cli import run

    status = run()
    # All is written, no thread is waited for, and signals are ignored. Python would only take every module apart now:
    # an eighth of the time of `--help`.
    atexit._run_exitfuncs()  # noqa: SLF001 - os._exit does not
    os._exit(status)


if __name__ == "__main__":
    start()
