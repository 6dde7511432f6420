"""Follows jobs: loops, workers and sleeping."""
