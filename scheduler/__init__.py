"""Say "run this workflow at that time", with the repository's issues as the queue.

The rooms, from the top: ``cli``, ``action`` and ``simulation`` are the ways in; ``commands`` does
what they ask; ``hold`` is a tick that stays, ``tick`` one pass over the queue; ``policy`` decides,
on ``journal``, ``settings``, ``job`` and ``times``. These five are pure: time is an argument, and
GitHub is known by the protocols of ``ports`` alone, which ``github`` implements and
``connection`` connects. ``sandbox`` is a small GitHub of its own. A room imports downwards only;
the table in ``tests/test_architecture.py`` says which.
"""

__version__ = "0.1.0"
