"""What a job is, and how it is written in an issue."""
