"""Directions along which the likelihood of a regression rises for ever, and what is left to estimate."""
