"""The record that the scheduler keeps of a job, and the commands that people write in comments."""
