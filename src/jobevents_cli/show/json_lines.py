"""JSON Lines of jobs: each with its nodes, or its nodes alone, spelled as the orchestrator did."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from jobevents_cli.model.json_text import encoded, without_key
from jobevents_cli.show.job_details import JobDetails

_PIECE: Final = 1_000
"""Nodes that are written together."""


def json_pieces(details: Iterable[JobDetails], *, nodes_only: bool) -> Iterator[bytes]:
    """Yield *details* as JSON Lines: each job with its nodes under `nodes`, each plan with its jobs under `jobs`.

    *nodes_only*: a line for each node instead.
    """
    for job in details:
        if nodes_only:
            for one in job.jobs if job.plan else (job,):
                yield from (b"\n".join((*piece, b"")) for piece in _in_pieces(one.nodes.lines))
        elif job.plan:
            yield from _with_list(job, "jobs", [one.job.text for one in job.jobs])
        else:
            yield from _with_list(job, "nodes", job.nodes.lines)


def _with_list(job: JobDetails, key: str, elements: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the job's document, its last key *key* with *elements*: the server's own is a link to them."""
    document = without_key(job.job.text, key)
    if job.why:
        document = without_key(document, "causes")
        comma = b"," if document != b"{}" else b""
        document = b'%b%b"causes":%b}' % (document[:-1], comma, encoded(job.why.objects))
    comma = b"," if document != b"{}" else b""
    yield document[:-1] + comma + b'"%s":[' % key.encode()
    between = b""
    for piece in _in_pieces(elements):
        yield between + b",".join(piece)
        between = b","
    yield b"]}\n"


def _in_pieces(elements: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    return (elements[at : at + _PIECE] for at in range(0, len(elements), _PIECE))
