"""Instants, durations, times in words, and the rules of a series; nothing reads a clock."""
