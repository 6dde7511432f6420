"""The man page jobevents-json(5) says what the JSON outputs really hold."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from documents.json_fields import CAUSES, CHANGES, CHECKS, EVENTS, JOBS, NODES, PLAN_EVENTS, PLANS, Output
from support.misbehaving import TestServer
from support.program import TOKEN, Home
from support.samples import broken, readme_job

from jobevents_cli.demo.server import Orchestrator, Server
from jobevents_cli.demo.stories import rollout

JSON_TYPES: dict[type, set[str]] = {
    str: {"text"},
    bool: {"true", "false"},
    int: {"integer", "number"},
    float: {"number"},
    dict: {"object"},
    list: {"list"},
    type(None): {"null"},
}


@pytest.fixture(name="shell")
def _shell(home: Home, serve: Callable[..., TestServer]) -> Iterator[Home]:
    """A home whose orchestrator has job 352 and two plans."""
    serve()
    plans = (rollout(12, created=1000.0), broken(13, created=2000.0, first_job=10))
    with Server(Orchestrator([readme_job()], plans=plans, token=TOKEN)) as server:
        yield home.with_(JOBEVENTS_URL=server.url, JOBEVENTS_PUPPETDB_URL=server.url)


def _found(value: Any, path: str, open_paths: set[str]) -> Iterator[tuple[str, Any]]:
    """Every path below *value* with its value; what is below *open_paths* is not looked at."""
    if path:
        yield path, value
    if path in open_paths:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _found(inner, f"{path}.{key}", open_paths)
    elif isinstance(value, list):
        for inner in value:
            yield from _found(inner, f"{path}[]", open_paths)


def _check(output: Output, lines: list[str]) -> None:
    """Every key that occurs is documented with its type, and every ordinary field occurs."""
    assert lines
    fields = {field.path: field for field in output.fields}
    open_paths = {field.path for field in output.fields if field.is_open}
    inner = {path for path in fields if any(path.startswith(f"{one}.") for one in open_paths)}
    below = {path.rsplit(".", 1)[0] for path in fields} | {path.partition("[]")[0] for path in fields}
    seen: set[str] = set()
    for line in lines:
        document = json.loads(line)
        for path, value in _found(document, "", open_paths):
            assert path in fields or path in below, f"{path} is not documented"
            seen.add(path)
            if path in fields and "any" not in fields[path].type:
                words = set(fields[path].type.replace(",", " ").split())
                assert words & JSON_TYPES[type(value)], f"{path} is {value!r}, not {fields[path].type}"
        for path in inner:
            if _value(document, path) is not None:
                seen.add(path)
    ordinary = {field.path for field in output.fields if not field.is_rare}
    assert ordinary - seen == set()


def _value(document: Any, path: str) -> Any:
    for key in path.removeprefix(".").split("."):
        document = document.get(key) if isinstance(document, dict) else None
    return document


@pytest.mark.parametrize(
    ("output", "command"),
    [
        (EVENTS, "list 352 --json"),
        (EVENTS, "tail 352 1 --json"),
        (JOBS, "jobs --json"),
        (JOBS, "show 352 --json"),
        (PLANS, "jobs --plans --json"),
        (PLANS, "show plan/12 --json"),
        (NODES, "show 352 --json --node *"),
        (CAUSES, "why 352 --json"),
        (CAUSES, "why plan/13 --json"),
        (CHANGES, "changes 352 --json"),
        (CHECKS, "doctor --json"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_page_documents_what_is_printed(shell: Home, output: Output, command: str) -> None:
    """No key is printed that the page does not name, and every field that is not marked as rare is there."""
    _check(output, shell.run(*command.split()).out.splitlines())


@pytest.mark.parametrize("number", [12, 13])
def test_the_page_documents_the_events_of_plans(shell: Home, number: int) -> None:
    """A plan's own events and those of its jobs are told apart by their first key."""
    lines = shell.run("list", f"plan/{number}", "--json").out.splitlines()
    _check(PLAN_EVENTS, [line for line in lines if line.startswith('{"plan":')])
    _check(EVENTS, [line for line in lines if line.startswith('{"job":')])
