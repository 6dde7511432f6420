"""Decides what to do next while a job is followed. Pure: no I/O, no clock, no sleep."""
