"""Maximising the likelihood of regressions: where to begin, whether there is a maximum, and on which edge."""
