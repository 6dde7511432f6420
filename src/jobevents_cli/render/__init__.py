"""Turns events into what people and programs read. Knows events, nothing of HTTP."""
