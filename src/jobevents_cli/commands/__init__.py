"""One file a command: put the parts together, run, say how it went."""
