"""From the graph and what is known of it to the program."""
