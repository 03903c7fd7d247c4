"""``python -m scheduler`` is ``schedule``."""

from scheduler.cli.main import main

main()
