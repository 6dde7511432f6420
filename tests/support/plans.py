"""Plan jobs beside a test server's jobs, and documents of one's own."""

import json
from typing import Any

from jobevents_cli.demo.server import Answer
from support.misbehaving import Fault, RecordingHandler

API = "/orchestrator/v1"


def plan(number: int, state: str, jobs: dict[int, str], **more: Any) -> dict[str, Any]:
    """A plan job with the states of its *jobs*, as `GET /plan_jobs/:job-id` describes it."""
    ended = None if state == "running" else "2026-11-23T09:03:00Z"
    return {
        "id": f"https://pe.example.com:8143{API}/plan_jobs/{number}",
        "name": str(number),
        "state": state,
        "options": {"plan_name": "deploy::rolling", "environment": "production"},
        "owner": {"login": "admin"},
        "created_timestamp": "2026-11-23T09:00:00Z",
        "finished_timestamp": ended,
        "status": {str(job): [{"state": "running"}, {"state": last}] for job, last in jobs.items()},
        "result": None,
        **more,
    }


def bolt_error(message: str, *targets: str) -> dict[str, Any]:
    """The result of a plan that failed with *message* on *targets*."""
    failed = [{"target": target, "status": "failure", "value": {"_error": {"msg": "no"}}} for target in targets]
    return {"kind": "bolt/run-failure", "msg": message, "details": {"result_set": failed}}


def answering(documents: dict[str, Any]) -> Fault:
    """Answer with *documents* by path (below the API's, without query); other paths as the server does."""

    def fault(handler: RecordingHandler, answer: Answer) -> None:
        path = handler.path.partition("?")[0].removeprefix(API)
        if path not in documents:
            handler.send(answer)
            return
        document = documents[path]
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        handler.send(Answer(200, body, {"Content-Type": "application/json"}))

    return fault


def with_plans(*plans: dict[str, Any]) -> Fault:
    """Answer for *plans*, newest first."""
    single = {f"/plan_jobs/{document['name']}": document for document in plans}
    return answering({"/plan_jobs": {"items": list(plans)}, **single})
