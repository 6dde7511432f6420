"""The embedded orchestrator that `jobevents demo` and the tests run."""
