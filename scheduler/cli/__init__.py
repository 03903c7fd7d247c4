"""The `schedule` command: options, help, exit statuses; click is used here and nowhere else."""
