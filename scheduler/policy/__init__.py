"""What is to be done, decided from what is known: no clock, no network, no memory."""
