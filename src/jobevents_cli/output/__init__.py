"""The two standard streams: what is written where, and when."""
