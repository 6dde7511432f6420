"""Pass every event of every job to a command, at least once: `forward`."""
