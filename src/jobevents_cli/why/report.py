"""The parts of a Puppet run's report that explain a failure, as PuppetDB returns them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from jobevents_cli.model.json_values import as_count, as_text

ERRORS: Final = ("err", "alert", "emerg", "crit")
WARNINGS: Final = ("warning", *ERRORS)


def places_in(source: str) -> tuple[str, ...]:
    """Return the resources that the *source* of a log line may name: itself, or what the property in it belongs to."""
    above = source.rpartition("/")[0]
    return (source, above) if above.endswith("]") else (source,)


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a run's log, or of what a task printed (*source* is `stderr` or `stdout` then)."""

    level: str
    source: str
    message: str = ""
    file: str | None = None
    line: int | None = None

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Self:
        """The line that the object *raw* describes."""
        return cls(
            as_text(raw.get("level")),
            as_text(raw.get("source")),
            as_text(raw.get("message")),
            as_text(raw.get("file")) or None,
            as_count(raw.get("line")),
        )

    @property
    def places(self) -> tuple[str, ...]:
        """The resources that its source may name, see `places_in`."""
        return places_in(self.source)

    @property
    def is_error(self) -> bool:
        """Whether its level is err or above."""
        return self.level in ERRORS

    @property
    def is_warning(self) -> bool:
        """Whether its level is warning or above."""
        return self.level in WARNINGS


@dataclass(frozen=True, slots=True)
class ResourceFailure:
    """A failed resource, by its failure event. *path* is its place in the catalog, as its log lines name it."""

    resource: str
    path: str
    message: str
    file: str | None = None
    line: int | None = None

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Self:
        """The failure that the event *raw* describes."""
        within = raw.get("containment_path")
        path = "".join(f"/{name}" for name in within) if isinstance(within, list) else ""
        return cls(
            f"{as_text(raw.get('resource_type'))}[{as_text(raw.get('resource_title'))}]",
            path,
            as_text(raw.get("message")).strip(),
            as_text(raw.get("file")) or None,
            as_count(raw.get("line")),
        )


@dataclass(frozen=True, slots=True)
class Report:
    """One run: its failed resources in the order in which they failed, and its log."""

    failures: tuple[ResourceFailure, ...] = ()
    log: tuple[LogLine, ...] = ()
