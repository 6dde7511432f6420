"""The core of following jobs: pure, without I/O and clock."""
