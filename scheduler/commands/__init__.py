"""What people and agents ask for, from a command line, a form or an event: a module a verb."""
