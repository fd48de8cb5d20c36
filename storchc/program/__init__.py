"""The program: what a story computes and estimates, between its graph and Python."""
