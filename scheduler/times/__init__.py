"""Instants, durations, words for them, and the rules of a series: plain computing."""
