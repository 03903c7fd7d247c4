"""The settings of a queue: the file, its values, and the profiles."""
