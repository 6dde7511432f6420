"""Long recipes for the man pages: each command is run by a test and prints what is written under it."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Recipe:
    """Something to do: *what* it is good for, the *command* and what it prints for the sample job."""

    what: str
    command: str
    prints: str


RECIPES: Final[dict[str, tuple[Recipe, ...]]] = {
    "list": (
        Recipe(
            "How many events of each type",
            "jobevents list 352 --json | jq -s -c 'group_by(.type) | map({(.[0].type): length}) | add'",
            '{"job_finished":1,"node_failed":1,"node_finished":2,"node_running":3,"node_skipped":1}\n',
        ),
        Recipe(
            "The reports of the nodes that failed",
            """jobevents list 352 --failures --json | jq -r '.details.detail["report-url"] // empty'""",
            "https://pe.example.com/#/run/jobs/352/nodes/db01.example.com/report\n",
        ),
        Recipe(
            "From an event on, as a table",
            """jobevents list 352 --start 1272 --json | jq -r '[.id, .type, .details.node // "-"] | @tsv'""",
            "1272\tnode_failed\tdb01.example.com\n1273\tnode_skipped\tapp01.example.com\n1274\tjob_finished\t-\n",
        ),
        Recipe(
            "How many resources were changed, on which node",
            "jobevents list 352 --json | jq -r 'select(.details.detail.metrics.changed > 0) "
            '| "\\(.details.node) \\(.details.detail.metrics.changed)"\'',
            "web01.example.com 4\n",
        ),
    ),
    "tail": (
        Recipe(
            "Live into jq and further; --unbuffered, because jq keeps lines back otherwise",
            "jobevents tail 352 --json | jq -r --unbuffered 'select(.type|startswith(\"node_\")) | .details.node' "
            "| sort | uniq -c",
            "      1 app01.example.com\n      2 db01.example.com\n"
            "      2 web01.example.com\n      2 web02.example.com\n",
        ),
        Recipe(
            "Act on each failure as it happens",
            "jobevents tail 352 --failures --json | jq -r --unbuffered '.details.node // empty' "
            '| while read -r node; do echo "look at $node"; done',
            "look at db01.example.com\nlook at app01.example.com\n",
        ),
        Recipe(
            "Keep the events and the exit status",
            "jobevents tail 352 --json > job-352.jsonl; echo $?; wc -l < job-352.jsonl",
            "3\n8\n",
        ),
    ),
    "jobs": (
        Recipe(
            "The failed ones among the newest hundred",
            "jobevents jobs --limit 100 --json | jq -r 'select(.state==\"failed\") | .name'",
            "352\n",
        ),
    ),
    "show": (
        Recipe(
            "How many seconds each node took, slowest first",
            "jobevents show 352 --json "
            "| jq -r '.nodes | sort_by(-(.duration // 0))[] | \"\\(.duration // 0) \\(.name)\"'",
            "37 db01.example.com\n29 web02.example.com\n23 web01.example.com\n0 app01.example.com\n",
        ),
    ),
}
