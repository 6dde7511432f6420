"""Every field of every JSON output, for the man page jobevents-json(5). A test compares it with real output."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Field:
    """One field: where it is, as jq writes it, its type and what it means."""

    path: str
    type: str
    meaning: str
    is_rare: bool = False
    """The field is missing from ordinary output."""
    is_open: bool = False
    """What is inside depends on the server's or the user's data."""


@dataclass(frozen=True, slots=True)
class Output:
    """What one kind of command prints, one JSON object on each line."""

    title: str
    about: str
    fields: tuple[Field, ...]


def _rare(path: str, kind: str, meaning: str) -> Field:
    return Field(path, kind, meaning, is_rare=True)


def _open(path: str, kind: str, meaning: str, *, is_rare: bool = False) -> Field:
    return Field(path, kind, meaning, is_rare=is_rare, is_open=True)


_TAGS: Final = (
    _rare(".job", "text", "The job's id. The first key, added by jobevents where several jobs may occur."),
    _rare(".plan", "text", "The plan job's id, for a plan's own event. The first key, added by jobevents."),
)

_EVENT: Final = (
    Field(".id", "text or integer", "The event's id: unique in the database, with gaps. Compare it as a number."),
    Field(".type", "text", "What happened: node_running, node_finished, node_failed, job_finished and so on."),
    Field(".timestamp", "text", "When it happened, by the orchestrator's clock: 2026-11-23T09:00:40Z."),
)

EVENTS: Final = Output(
    "events of a job",
    "`tail --json`, `list --json` and the standard input of a command that `forward` runs: one event on each line, "
    "every key as the orchestrator sent it. With several jobs, with --all, for a plan and in `forward` each object "
    "begins with the key `job` or `plan`.",
    (
        *_TAGS,
        *_EVENT,
        Field(".message", "text", "The localised text, often with a trailing blank. Never parse it."),
        Field(".details", "object", "The facts of the event."),
        _rare(".details.node", "text", "The certname; missing in events about the whole job."),
        Field(".details.detail", "object", "What the node reported, or the job's final state."),
        _rare(".details.detail.status", "text", "A Puppet run: changed, unchanged or failed."),
        _open(
            ".details.detail.noop",
            "true or false",
            "The run changed nothing; newer servers send an object.",
            is_rare=True,
        ),
        _open(
            ".details.detail.metrics",
            "object",
            "A run's resources by what became of them: total, changed, failed.",
            is_rare=True,
        ),
        _rare(".details.detail.report-url", "text", "The run's report in the console."),
        _rare(".details.detail.environment", "text", "The environment of the catalog."),
        _rare(".details.detail.configuration_version", "text", "The version of the catalog."),
        _rare(".details.detail.hash", "text", "The hash of the report in PuppetDB."),
        _rare(".details.detail.state", "text", "The end of a job: its final state."),
        _rare(".details.detail._output", "text", "What a task or command printed."),
        _rare(".details.detail.stdout", "text", "A command's standard output."),
        _rare(".details.detail.stderr", "text", "A command's standard error."),
        _rare(".details.detail.exit_code", "integer", "A command's exit status."),
        _open(".details.detail._error", "object or text", "Why a task failed: kind, msg, details.", is_rare=True),
        _rare(".truncated", "true", "`forward --max-bytes` shortened the event's texts. The last key."),
    ),
)

PLAN_EVENTS: Final = Output(
    "events of a plan",
    "The plan's own events have no message. The first key is `plan`, unless --no-jobs was given.",
    (
        _TAGS[1],
        *_EVENT,
        Field(".details", "object", "The facts of the event."),
        _rare(".details.job-id", "integer or text", "The job that was started; in the types that end in _start."),
        _rare(".details.message", "text", "What the plan printed (out_message), in full."),
        _rare(".details.plan", "text", "The sub-plan (plan_start, plan_end)."),
        _rare(".details.duration", "number", "Seconds that the sub-plan took (plan_end)."),
        _open(".details.result", "any", "What the plan returned, or the error it failed with.", is_rare=True),
        _rare(".details.plan-id", "text", "The plan job's id (plan_finished, plan_failed)."),
    ),
)

_OWNER: Final = (
    Field(".owner.login", "text", "Who started it."),
    _open(".owner", "object", "The user's record: some orchestrators send all of it, with personal data."),
)

JOBS: Final = Output(
    "jobs",
    "`jobs --json`: one job on each line, newest first, as the orchestrator sent it. `show JOB --json` prints the "
    "same object; its `nodes` is then the list of the job's nodes, each as below under nodes.",
    (
        Field(".name", "text", "The job's id."),
        Field(".id", "text", "The job's address in the API."),
        Field(".state", "text", "new, ready, running, stopping, stopped, finished or failed."),
        Field(".type", "text", "deploy, task, plan_task, plan_script and so on."),
        Field(".command", "text", "deploy or task; older than type."),
        _open(".options", "object", "What the job was started with: scope, environment, noop, a task's name."),
        *_OWNER,
        Field(".environment", "object", "The Puppet environment."),
        Field(".environment.name", "text", "Its name."),
        Field(".created_timestamp", "text", "When it was created; started_timestamp on older orchestrators."),
        Field(".finished_timestamp", "text or null", "When it ended."),
        Field(".timestamp", "text", "When its state changed last."),
        Field(".duration", "number or null", "Seconds it took."),
        Field(".node_count", "integer or null", "How many nodes it has."),
        _open(".node_states", "object or null", "How many nodes are in each state; states without nodes are missing."),
        _open(".nodes", "object or list", "`jobs`: the address of its nodes. `show`: its nodes."),
        _open(".report", "object", "The address of its report."),
        _open(".events", "object", "The address of its events."),
        _open(".userdata", "object", "What the client that started it stored.", is_rare=True),
        _open(".status", "list", "Its states so far: state, enter_time, exit_time.", is_rare=True),
        _rare(".description", "text", "What the user wrote about it."),
    ),
)

PLANS: Final = Output(
    "plans",
    "`jobs --plans --json`: one plan job on each line, newest first. `show plan/ID --json` prints the same object with "
    "the list `jobs`: the jobs that the plan started, each as above under jobs.",
    (
        Field(".name", "text", "The plan job's id; these numbers are not those of jobs."),
        Field(".id", "text", "The plan job's address in the API."),
        Field(".state", "text", "pending, running, success, failure or stopped."),
        Field(".options.plan_name", "text", "The plan's name."),
        _open(".options", "object", "What the plan was started with. Parameters can contain secrets."),
        *_OWNER,
        Field(".created_timestamp", "text", "When it was created."),
        Field(".finished_timestamp", "text or null", "When it ended."),
        Field(".duration", "number or null", "Seconds it took."),
        _open(".status", "object", "Its jobs by id, each with its states so far."),
        _open(".result", "any", "What it returned; in lists of plans it may be missing.", is_rare=True),
        _open(".events", "object", "The address of its events."),
        _open(".userdata", "object", "What the client that started it stored.", is_rare=True),
        _open(".jobs", "list", "`show` only: the jobs that it started.", is_rare=True),
    ),
)

NODES: Final = Output(
    "nodes",
    "`show JOB --json` with --node or --failures: one node on each line, as the orchestrator sent it.",
    (
        Field(".name", "text", "The certname."),
        Field(".state", "text", "new, ready, running, stopped, finished, failed, errored or skipped."),
        Field(".start_timestamp", "text or null", "When it started."),
        Field(".finish_timestamp", "text or null", "When it ended."),
        Field(".timestamp", "text", "When its state changed last."),
        Field(".duration", "number or null", "Seconds it took."),
        Field(".transaction_uuid", "text or null", "Names the Puppet run in its report; null for tasks."),
        _rare(".transport", "text", "How the node was reached: pcp."),
        _rare(".latest-event-id", "integer", "The id of its last event."),
        _open(".details", "object", "The message of its last event; a run's report-url."),
        _open(".result", "any", "What it reported: a run's status and metrics, a task's output, an error."),
    ),
)

CAUSES: Final = Output(
    "causes",
    "`why --json`: one cause on each line, the one with most nodes first.",
    (
        Field(".cause", "text", "resource, catalog, run, task, command, errored or plan."),
        Field(".count", "integer", "How many nodes have it."),
        Field(".nodes[]", "text", "The certnames, sorted."),
        Field(".resource", "text or null", "The resource that failed: Exec[migrate]."),
        Field(".file", "text or null", "The manifest that declares it."),
        Field(".line", "integer or null", "The line in it."),
        Field(".message", "text", "What the first node said, up to 1 MB."),
        Field(".log", "list", "Log lines that belong to it. They can contain secrets."),
        _rare(".log[].level", "text", "err, warning, notice and so on."),
        _rare(".log[].source", "text", "What wrote the line: a resource's path."),
        _rare(".log[].message", "text", "The line."),
        Field(".source", "text", "puppetdb or orchestrator: who said so."),
        Field(".complete", "true or false", "false if PuppetDB could not be queried."),
    ),
)

CHANGES: Final = Output(
    "changes",
    "`changes --json`: one change on each line, the one on most nodes first.",
    (
        Field(".count", "integer", "On how many nodes it happened, or would happen."),
        Field(".nodes[]", "text", "The certnames, sorted."),
        Field(".resource", "text", "The resource: File[/etc/ntp.conf]."),
        Field(".property", "text or null", "The property that changed; null if only the message says what did."),
        Field(".old", "any", "Its value before, as PuppetDB returns it."),
        Field(".new", "any", "Its value after that. Both can be secret."),
        Field(".message", "text", "What Puppet says about it."),
        Field(".file", "text or null", "The manifest that declares the resource."),
        Field(".line", "integer or null", "The line in it."),
        Field(".corrective", "true or false", "Puppet put right what somebody else had changed."),
        Field(".noop", "true or false", "It would happen: the run was a noop run."),
    ),
)
CHECKS: Final = Output(
    "checks",
    "`doctor --json`: one check on each line.",
    (
        Field(".check", "text", "What was checked: configuration, address, connection and so on."),
        Field(".ok", "true, false or null", "null if it was skipped or is only worth knowing."),
        Field(".found", "text", "What was found."),
        Field(".cure", "text or null", "What to do about it."),
    ),
)

OUTPUTS: Final = (EVENTS, PLAN_EVENTS, JOBS, PLANS, NODES, CAUSES, CHANGES, CHECKS)
