"""Likelihoods with kinks in a parameter, climbed from row to row."""
