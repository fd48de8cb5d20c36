"""What is true of a story: frozen records, each made once."""
