"""What the sandbox knows: repositories, issues, comments, people, pull requests."""
