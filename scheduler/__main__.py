"""``python -m scheduler`` is ``schedule``."""

from scheduler.cli import main

main()
