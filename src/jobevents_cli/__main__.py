"""Where the program starts: `jobevents` and `python -m jobevents_cli`."""

import signal


def start() -> None:
    """Run the program. A Ctrl-C while it is still being loaded ends it without a traceback."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from jobevents_cli.cli import main

    main()


if __name__ == "__main__":
    start()
