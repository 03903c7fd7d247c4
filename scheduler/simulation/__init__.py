"""A month of scheduling in seconds: the product's own tick against a model of GitHub.

``hub`` is GitHub in memory and ``queue`` a process's way to it, with no idea of time; tests
use both. ``timeline`` is virtual time, ``meter`` is what requests cost on it, ``actions`` runs
the scheduler's workflow, ``scenario`` says what a month is like, ``month`` plays it, ``figures``
is what came of it. Nothing of the product knows of this room.
"""
