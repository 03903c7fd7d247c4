"""One pass over the queue, through the ports."""
