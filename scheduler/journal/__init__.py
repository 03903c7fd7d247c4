"""What the scheduler wrote down of a job, and what people say to it in comments."""
