"""GitHub by HTTP: the one place that knows its addresses, its answers and its limits."""
