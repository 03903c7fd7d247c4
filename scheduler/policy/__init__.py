"""What is to be done with a job, decided from what is known: no clock, no network, no memory."""
