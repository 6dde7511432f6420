"""What a node's result says: its error, its exit code, what it printed, whether it only simulated.

Shapes: PE 2021.7 manual, "GET /jobs/:job-id/nodes" (`result`), and recorded responses. Each field can be missing, and
`noop`, `_error` and `error` come in several shapes.
"""

from collections.abc import Mapping
from typing import Any, Final

from jobevents_cli.model.json_values import as_mapping, as_text

MOST_DIGITS: Final = 10**15
"""Integers from here on are the server's mistake."""

_STDOUT: Final = ("stdout", "_output", "output")


def error_of(detail: Mapping[str, Any]) -> tuple[int | None, str]:
    """The exit code and the text of the error in the result *detail*; None and "" for what it does not say.

    An exit code of 0 is none.
    """
    for key in ("_error", "error"):
        value = detail.get(key)
        if not value:
            continue
        if isinstance(value, str):
            return _exit_code(detail), value.strip()
        error = as_mapping(value)
        code = _exit_code(as_mapping(error.get("details")))
        text = as_text(error.get("msg")) or as_text(error.get("message")) or as_text(error.get("kind"))
        return (_exit_code(detail) if code is None else code), text.strip()
    return _exit_code(detail), as_text(detail.get("msg")).strip() if "kind" in detail else ""


def has_error(detail: Mapping[str, Any]) -> bool:
    """Whether the result *detail* contains an error, whatever state the orchestrator gives the node.

    A command that exits with 23 leaves its node `finished` (seen in recorded results).
    """
    return bool(detail.get("_error")) or _exit_code(detail) is not None


def stdout_of(detail: Mapping[str, Any]) -> str:
    """What a task or command printed on its standard output; empty if only white space."""
    return next((text for key in _STDOUT if (text := as_text(detail.get(key))).strip()), "")


def is_noop(value: object) -> bool:
    """Whether *value*, a `noop`, means that a run only simulates: a boolean, in newer manuals an object."""
    return value is True or (type(value) is dict and value.get("noop") is True)


def _exit_code(detail: Mapping[str, Any]) -> int | None:
    for key in ("exit_code", "exitcode"):
        value = detail.get(key)
        if type(value) is int and abs(value) < MOST_DIGITS:
            return value or None
    return None
