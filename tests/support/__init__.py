"""What several tests need: a simulated world, a real server that misbehaves, the installed program."""
