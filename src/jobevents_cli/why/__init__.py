"""`why`: what went wrong in a job or a plan, grouped by cause."""
