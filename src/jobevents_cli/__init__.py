"""Follow Puppet Enterprise orchestrator jobs: each event exactly once, live."""

__version__ = "0.1.0"
