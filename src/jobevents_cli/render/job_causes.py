"""Adds causes to what `show` knows about a job, in the form that each of its formats prints."""

from dataclasses import replace
from typing import Final

from jobevents_cli.model.explanation import Explanation
from jobevents_cli.render.causes import CauseText, cause_objects
from jobevents_cli.render.job_details import JobDetails, PlanDetails
from jobevents_cli.render.styles import plain

_NAME_COLUMNS: Final = 100
_HEADER: Final = 2
"""Lines of causes that name the job again: `show` has just done so."""


def with_causes(job: JobDetails, explanation: Explanation, text: CauseText) -> JobDetails:
    """Return *job* with the causes in *explanation*, as lines that *text* draws, by node, and as JSON objects."""
    off_screen = CauseText(columns=None, node_columns=_NAME_COLUMNS, paint=plain)
    why: dict[str, str] = {}
    for cause in explanation.causes:
        alone = replace(explanation, causes=(cause,), again=None)
        said = "\n".join(off_screen.lines(alone)[_HEADER:])
        for node in cause.nodes:
            why[node] = f"{why[node]}\n\n{said}" if node in why else said
    lines = text.lines(explanation)
    if explanation.has_problems:
        lines = lines[_HEADER:]
    explained = replace(job, why=why, why_lines=lines, causes=tuple(cause_objects(explanation)))
    if isinstance(explained, PlanDetails):
        return replace(explained, jobs=tuple(replace(one, why=why) for one in explained.jobs))
    return explained
