"""What a repository decides about its queue: the settings' file, and what holds without it."""
