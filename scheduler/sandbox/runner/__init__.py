"""What happens to a dispatched run: events, concurrency groups, and act."""
