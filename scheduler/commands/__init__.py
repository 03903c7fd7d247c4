"""What a person or an agent asks for, whatever the way: a command line, a form, an event."""
