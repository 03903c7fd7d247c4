"""The sandbox's server: connections, routes, pages, limits, and faults on demand."""
