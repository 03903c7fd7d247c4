"""The demo: a whole story against the sandbox, told and checked."""
