"""The endpoints of GitHub's API that the sandbox serves."""
