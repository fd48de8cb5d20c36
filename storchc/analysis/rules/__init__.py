"""What is refused or warned of: a file a rule."""
