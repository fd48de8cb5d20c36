"""The version of the compiler, below everything that shows it."""

__version__ = "0.1.0"
