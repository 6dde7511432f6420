"""The version of the program and its package."""

__version__ = "0.1.0"
