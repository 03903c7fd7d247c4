"""A job: its keys, its states, and its text in an issue."""
