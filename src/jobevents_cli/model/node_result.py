"""What a node's result says: its error, its exit code, what it printed, whether it only simulated.

Shapes: PE 2021.7 manual, "GET /jobs/:job-id/nodes" (`result`), and recorded responses. Each field can be missing, and
`noop`, `_error` and `error` come in several shapes.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from jobevents_cli.model.event import NODE_FINISHED, Event
from jobevents_cli.model.job import Job
from jobevents_cli.model.json_values import as_mapping, as_text

MOST_DIGITS: Final = 10**15
"""Integers from here on are the server's mistake."""

STDERR: Final = "stderr"
STDOUT: Final = "stdout"

AGENT_RUN: Final = "puppet_agent::run"
"""The task that runs the agent: its result has the run's report and the agent's exit code."""

COMMANDS: Final = ("command", "script", "plan_command", "plan_script")
"""The types of jobs whose exit code says whether they failed."""

RUN_STATUSES: Final = ("changed", "unchanged", "failed")
"""What a Puppet run's result has as `status`; a task's may be any word."""

_STDOUT: Final = (STDOUT, "_output", "output")
_OF_COMMANDS: Final = {STDOUT, STDERR, "exit_code", "merged_output"}
_BESIDE: Final = ("error", "message", "msg", "reason")
"""The keys under which tasks themselves say what went wrong."""

_DIGITS: Final = re.compile(r"\s*-?[0-9]{1,15}\s*")
_NO_CHANGES, _CHANGES = 0, 2
"""The exit codes of `puppet agent --detailed-exitcodes` for a run without failures."""

_SUBJECT: Final = r"(?:(?:the |this )?(?:task|command|script|plan|process|run|program|execution) )?"
_VERB: Final = r"(?:has )?(?:failed|errored|exited|ended|finished|terminated|returned) ?"
_CODE: Final = r"(?:with |: ?)?(?:an? )?(?:non-?zero )?(?:(?:exit|return|error) ?)?(?:code|status)"
_RUNNER: Final = re.compile(
    rf"\s*{_SUBJECT}(?:(?:{_VERB})?{_CODE}|{_VERB}(?:with)?)\s*(?:of |[:=])?\s*(?P<code>-?[0-9]{{1,15}}|unknown)\b"
    r"(?: and no (?:output|stdout(?:, but stderr contained)?))?(?:[.:;,](?=\s)|[.:;,]?\s*\Z|(?=\n))",
    re.IGNORECASE,
)
"""What runs a task says about its exit code: pxp-agent, Bolt, and tasks of modules."""


class Reason(NamedTuple):
    """Why a node failed, by its result. *outputs* has what it printed and *text* does not say, by stream."""

    code: int | None
    text: str
    outputs: tuple[tuple[str, str], ...] = ()


def reason_of(detail: Mapping[str, Any]) -> Reason:
    """Return why a node with the result *detail* failed; code None and text "" for what it does not say.

    If the error only repeats an exit code, the reason is what the result says beside it.
    """
    error = detail.get("_error")
    code, fallback = error_of(detail)
    said = said_by(error, with_kind=False) if error else fallback if "kind" in detail else ""
    said, code = _without_runner(said, code)
    if code is not None:
        fallback, code = _without_runner(fallback, code)
    outputs = [(STDERR, as_text(detail.get(STDERR)).strip()), (STDOUT, stdout_of(detail).strip())]
    details = as_mapping(as_mapping(error).get("details"))
    texts = [said, *(said_by(place.get(key)) for place in (detail, details) for key in _BESIDE)]
    texts += [text for _, text in outputs]
    text = next((text for text in texts if text), fallback)
    return Reason(code, text, tuple((name, output) for name, output in outputs if output and output not in text))


def _without_runner(said: str, code: int | None) -> tuple[str, int | None]:
    """Return *said* without what it says about the exit code, and that code."""
    match = _RUNNER.match(said)
    if match is None:
        return said, code
    number = _as_code(match["code"])
    if code is None or number is None or number == code:
        return said[match.end() :].strip(), code if number is None else number or None
    return said, code


def error_of(detail: Mapping[str, Any]) -> tuple[int | None, str]:
    """The exit code and the text of the error in the result *detail*; None and "" for what it does not say.

    An exit code of 0 is none.
    """
    for key in ("_error", "error"):
        if error := detail.get(key):
            code = _exit_code(as_mapping(as_mapping(error).get("details")))
            return (_exit_code(detail) if code is None else code), said_by(error)
    return _exit_code(detail), as_text(detail.get("msg")).strip() if "kind" in detail else ""


def said_by(error: object, *, with_kind: bool = True) -> str:
    """Return the text of an *error*: of a text itself, of an object its message, of a list all of them."""
    if isinstance(error, list):
        return "\n".join(filter(None, (said_by(each, with_kind=with_kind) for each in error)))
    if isinstance(error, dict):
        keys = ("msg", "message", *(("kind",) if with_kind else ()))
        return next((text for key in keys if (text := as_text(error.get(key)).strip())), "")
    return as_text(error).strip()


def has_error(detail: Mapping[str, Any], *, job_type: str = "", task: str = "") -> bool:
    """Whether the result *detail* of a node that finished contains an error all the same.

    A command that exits with 23 leaves its node `finished` (seen in recorded results). A task's own exit code is data,
    except that of the task that runs the agent. *job_type* and *task* are the job's, empty if unknown.
    """
    if detail.get("_error"):
        return True
    if "exit_code" not in detail and "exitcode" not in detail:
        return False
    code = _exit_code(detail)
    if code is None:
        return False
    if is_agent_run(detail, task):
        return code not in (_NO_CHANGES, _CHANGES)
    return job_type in COMMANDS or is_command(detail)


def ended_with_error(event: Event, job: Job | None = None) -> bool:
    """Whether *event* says that a node of *job* finished although its result contains an error."""
    if event.type != NODE_FINISHED:
        return False
    # Most results have none of these keys: then nothing is parsed. A key can be spelled with escapes.
    text = event.text
    if b"_error" not in text and b"exit" not in text and b"\\u" not in text:
        return False
    of_job = {"job_type": job.type, "task": job.task} if job else {}
    return has_error(event.detail, **of_job)


def is_agent_run(detail: Mapping[str, Any], task: str = "") -> bool:
    """Whether *detail* is the result of the task that runs the agent; by its form, if the *task* is not known."""
    return task == AGENT_RUN or (not task and "exitcode" in detail and "status" in as_mapping(detail.get("report")))


def is_run(detail: Mapping[str, Any]) -> bool:
    """Whether *detail* has the form of a Puppet run's result, or of an apply's, which names no report."""
    if type(detail.get("metrics")) is dict:
        return "_output" not in detail
    return detail.get("status") in RUN_STATUSES and names_run(detail)


def names_run(detail: Mapping[str, Any]) -> bool:
    """Whether the run's result *detail* names what only a run of the agent has."""
    return any(as_text(detail.get(key)) for key in ("hash", "configuration_version", "environment", "transaction_uuid"))


def is_command(detail: Mapping[str, Any]) -> bool:
    """Whether *detail* has the form of a command's or script's result."""
    return "exit_code" in detail and detail.keys() <= _OF_COMMANDS


def stdout_of(detail: Mapping[str, Any]) -> str:
    """What a task or command printed on its standard output; empty if only white space."""
    return next((text for key in _STDOUT if (text := as_text(detail.get(key))).strip()), "")


def is_noop(value: object) -> bool:
    """Whether *value*, a `noop`, means that a run only simulates: a boolean, in newer manuals an object."""
    return value is True or (type(value) is dict and value.get("noop") is True)


def _exit_code(detail: Mapping[str, Any]) -> int | None:
    for key in ("exit_code", "exitcode"):
        code = _as_code(detail.get(key))
        if code is not None:
            return code or None
    return None


def _as_code(value: object) -> int | None:
    if type(value) is str and _DIGITS.fullmatch(value):
        value = int(value)
    return value if type(value) is int and abs(value) < MOST_DIGITS else None
