"""Hypothesis strategies for any JSON, and for results with the keys that the program looks at."""

from hypothesis import strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = (
    *("status", "metrics", "noop", "_error", "error", "msg", "kind", "details", "exit_code", "exitcode", "stdout"),
    *(
        "stderr",
        "_output",
        "output",
        "total",
        "changed",
        "failed",
        "report-url",
        "state",
        "job",
        "result",
        "result_set",
    ),
)
DETAIL = st.recursive(JSON, lambda inner: st.dictionaries(st.sampled_from(KEYS), inner, max_size=6), max_leaves=12)
