"""Following a job, pure: no I/O, no clock. What is new, what to request next and when, and when a job has ended."""
