"""A month of scheduling in seconds: the product's own engine against a model of GitHub.

``timeline`` is virtual time, ``hub`` and ``actions`` are GitHub, ``queue`` is a process's way
to it, ``runner`` is the scheduler's workflow, ``scenario`` says what a month is like, ``month``
plays it, ``figures`` is what came of it. Nothing of the product knows of this room.
"""
