"""The orchestrator's endpoints: which URL is requested, and what comes of the response."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from support import misbehaving
from support.misbehaving import Fault, TestServer, job
from support.program import TOKEN

from jobevents_cli.clients.orchestrator import Orchestrator
from jobevents_cli.config.connection import Connection
from jobevents_cli.config.token import Token
from jobevents_cli.errors import AccessDenied, TransientFault, UnknownJob
from jobevents_cli.model.job_ref import JobRef
from jobevents_cli.model.plan import Plan

Serve = Callable[..., TestServer]
ClientOf = Callable[[TestServer], Orchestrator]
API = "/orchestrator/v1"


@pytest.fixture(name="client_of")
def _client_of() -> Iterator[Callable[[TestServer], Orchestrator]]:
    """Makes clients whose connections are closed when the test ends."""
    with ExitStack() as stack:

        def client_of(server: TestServer) -> Orchestrator:
            client = Orchestrator(Connection(server.url, Token(TOKEN, "the token in a test")))
            stack.callback(client.close)
            return client

        yield client_of


def _document(value: object) -> Fault:
    return misbehaving.other_body(json.dumps(value).encode())


def _page(*items: object) -> Fault:
    return _document({"items": list(items)})


def test_every_request_carries_exactly_these_headers(serve: Serve, client_of: ClientOf) -> None:
    """The server parses no q-values in Accept, so it gets the plain type; the token is in X-Authentication only."""
    server = serve(job("n1:running"))
    client_of(server).events(JobRef.job(352), None)
    ((path, headers),) = server.seen
    assert path == f"{API}/jobs/352/events"
    assert headers.pop("User-Agent").startswith("jobevents/")
    assert headers == {
        "Host": f"127.0.0.1:{server.port}",
        "Accept": "application/json",
        "Accept-Encoding": "gzip",
        "Connection": "keep-alive",
        "X-Authentication": TOKEN,
    }


def test_each_endpoint_has_its_url(serve: Serve, client_of: ClientOf) -> None:
    """Jobs and plan jobs are requested under their own addresses, lists with explicit order."""
    server = serve(faults={0: _page({"id": "7", "name": "7"})})
    client = client_of(server)
    job_ref, plan = JobRef.job(352), JobRef.plan(12)
    client.events(job_ref, 7), client.events(plan, 0), client.events(plan, None)
    client.job(job_ref), client.job(plan), client.plan_event(12, 9)
    client.jobs(50, 100), client.plans(50, 0)
    client.nodes(352), client.nodes(352, 2)
    assert [path.removeprefix(API) for path in server.paths] == [
        "/jobs/352/events?start=7",
        "/plan_jobs/12/events?start=0",
        "/plan_jobs/12/events",
        "/jobs/352",
        "/plan_jobs/12",
        "/plan_jobs/12/event/9",
        "/jobs?limit=50&offset=100&order_by=name&order=desc",
        "/plan_jobs?limit=50&offset=0&order_by=name&order=desc&results=exclude",
        "/jobs/352/nodes",
        "/jobs/352/nodes?offset=2",
    ]


def test_values_come_as_what_they_are(serve: Serve, client_of: ClientOf) -> None:
    """A plan job is a Plan, a job a Job; elements of a list of jobs that are not objects are left out."""
    server = serve(faults={1: _document({"name": "12"}), 2: _document({"name": "3"}), 3: _page({"name": "3"}, 4)})
    client = client_of(server)
    assert isinstance(client.job(JobRef.plan(12)), Plan)
    assert not isinstance(client.job(JobRef.job(3)), Plan)
    assert [found.number for found in client.jobs(50, 0)] == [3]


@pytest.mark.parametrize(("ref", "named"), [(JobRef.job(352), "job 352: "), (JobRef.plan(12), "plan 12: ")])
def test_a_404_names_the_job_or_the_plan(serve: Serve, client_of: ClientOf, ref: JobRef, named: str) -> None:
    """Both have numbers of their own, so the message says which was asked for."""
    client = client_of(serve(faults={0: misbehaving.error(404, "puppetlabs.orchestrator/unknown-job", "unknown")}))
    for call in (lambda: client.job(ref), lambda: client.events(ref, None)):
        with pytest.raises(UnknownJob) as caught:
            call()
        assert caught.value.message.startswith(named)


@pytest.mark.parametrize(
    "body", [b"", b"<html>no such page</html>", b'{"kind": "orchestrator/unknown-endpoint"}', b'["unknown-job"]', b"{}"]
)
def test_any_other_404_may_pass(serve: Serve, client_of: ClientOf, body: bytes) -> None:
    """A proxy, or an orchestrator that is starting, does not know the path: only `unknown-job` says it of the job."""
    client = client_of(serve(faults={0: misbehaving.status(404, body)}))
    with pytest.raises(TransientFault, match="says 404"):
        client.events(JobRef.job(352), None)


@pytest.mark.parametrize("document", [[], "text", None, 7])
def test_a_job_that_is_not_an_object_is_a_broken_response(serve: Serve, client_of: ClientOf, document: Any) -> None:
    """It may be whole the next time."""
    with pytest.raises(TransientFault, match="is broken: it is not a JSON object"):
        client_of(serve(faults={0: _document(document)})).job(JobRef.job(352))


def test_without_a_token_there_is_no_client() -> None:
    """The orchestrator takes tokens only."""
    with pytest.raises(AccessDenied, match="no token"):
        Orchestrator(Connection("https://pe.example.com:8143"))
