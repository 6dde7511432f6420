"""The causes as JSON: one object for each."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from jobevents_cli.why.causes import Finding
from jobevents_cli.why.report import LogLine

if TYPE_CHECKING:
    from jobevents_cli.why.explanation import Explanation  # which makes texts with this module

LONGEST_TEXT: Final = 1024 * 1024
"""Bytes that a text has in JSON; the rest is cut, and the cut is marked."""

LONGEST_IN_ALL: Final = 64 * 1024 * 1024


def log_of(finding: Finding, *, logs: bool) -> list[LogLine]:
    """Return the lines of *finding*'s log; with *logs* also the run's other lines of level warning and above."""
    if not logs:
        return list(finding.log)
    own = set(finding.log)
    return [*finding.log, *(line for line in finding.report if line not in own)]


def cause_objects(explanation: "Explanation", *, logs: bool = False) -> Iterator[dict[str, Any]]:
    """Yield the JSON object of each cause. Texts are complete up to 1 MB each and 64 MB in all, then cut and marked."""
    texts = _Texts()
    for cause in explanation.causes:
        finding = cause.finding
        yield {
            "cause": str(finding.kind),
            "count": len(cause.nodes),
            "nodes": list(cause.nodes),
            "resource": texts.cut(finding.resource) if finding.resource else None,
            "file": texts.cut(finding.file) if finding.file else None,
            "line": finding.line,
            "message": texts.cut(finding.message),
            "log": [
                {"level": texts.cut(line.level), "source": texts.cut(line.source), "message": texts.cut(line.message)}
                for line in log_of(finding, logs=logs)
            ],
            "source": str(finding.source),
            "complete": finding.complete,
        }


class _Texts:
    """Cuts texts, and counts how much is left for all of them."""

    def __init__(self) -> None:
        self._left = LONGEST_IN_ALL

    def cut(self, text: str) -> str:
        """Return *text*, cut if it is too long."""
        most = min(LONGEST_TEXT, self._left)
        size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        self._left -= min(size, most)
        if size <= most:
            return text
        kept = text.encode("utf-8", "surrogatepass")[:most].decode("utf-8", "ignore")
        return f"{kept}… (cut: {size} bytes in all)"
