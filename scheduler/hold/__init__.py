"""A tick that stays: it waits for the next instant, looks around, and hands over."""
