"""A small orchestrator on loopback: for `jobevents demo`, and for the tests."""
