"""From the program to Python."""
