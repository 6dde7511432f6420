"""One node's whole result: a run's metrics and report link; a task's or command's output, exit code and error."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from jobevents_cli.model.json_values import as_mapping, as_text
from jobevents_cli.model.node import Node
from jobevents_cli.model.node_result import error_of
from jobevents_cli.render.escape import LINE_END

_INDENT: Final = "  "
_OUTPUTS: Final = (("stdout", "stdout"), ("_output", "stdout"), ("output", "stdout"), ("stderr", "stderr"))
_RUN: Final = ("status", "environment", "configuration_version", "noop", "hash")
_SHOWN: Final = ("_error", "error", "exit_code", "exitcode", "metrics", "report-url", *_RUN, *dict(_OUTPUTS))


def result_lines(node: Node, *, longest: int | None = None) -> list[str]:
    """Return what *node* reported, with its own line breaks, not yet escaped.

    Not more than about *longest* characters of it if that is given.
    """
    lines: list[str] = []
    room = longest
    for line in _lines(node):
        if room is not None and len(line) > room:
            return [*lines, f"{line[:room]}…"]
        lines.append(line)
        if room is not None:
            room -= len(line) + 1
    return lines


def _lines(node: Node) -> Iterator[str]:
    result = as_mapping(node.result)
    if node.message:
        yield from LINE_END.split(node.message)
    yield from _error_lines(result)
    for key in _RUN:
        if result.get(key) not in (None, "", False):
            yield _fact(key.replace("_", " "), _as_text(result[key]))
    metrics = as_mapping(result.get("metrics"))
    if metrics:
        yield _fact("metrics", ", ".join(f"{name} {_as_text(value)}" for name, value in metrics.items()))
    for key, title in _OUTPUTS:
        if text := as_text(result.get(key)).rstrip():
            yield f"{title}:"
            yield from (_INDENT + line for line in LINE_END.split(text))
    rest = {key: value for key, value in result.items() if key not in _SHOWN or not _is_plain(key, value)}
    if "kind" in rest and "msg" in rest:  # an error on its own, which was shown
        rest = {key: value for key, value in rest.items() if key not in ("kind", "msg")}
    if rest or (node.result is not None and not isinstance(node.result, dict)):
        yield "result:"
        yield from (_INDENT + line for line in _as_text(rest or node.result, indent=2).split("\n"))


def _error_lines(result: Mapping[str, Any]) -> Iterator[str]:
    code, text = error_of(result)
    if code is None and result.get("exit_code") == 0:
        code = 0
    if code is not None:
        yield _fact("exit code", str(code))
    if not text:
        return
    error = as_mapping(result.get("_error") or result.get("error")) or result
    kind = as_text(error.get("kind"))
    yield f"error: {kind}" if kind and kind != text else "error:"
    yield from (_INDENT + line for line in LINE_END.split(text))


def _is_plain(key: str, value: object) -> bool:
    """Whether the part of a result under *key* has been shown whole by its own line."""
    if key in dict(_OUTPUTS):
        return isinstance(value, str)
    if key == "metrics":
        return isinstance(value, dict)
    return True


def _fact(name: str, text: str) -> str:
    return f"{name}: {text}"


def _as_text(value: object, indent: int | None = None) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, indent=indent)
    except (ValueError, RecursionError):
        return "…"
