"""The GitHub Action: its commands, its installation, and what keeps its cron alive."""
