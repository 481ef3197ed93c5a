"""Numerics: special functions in log space, symmetric linear algebra, sums in a fixed order."""
