"""What the program remembers from run to run."""
