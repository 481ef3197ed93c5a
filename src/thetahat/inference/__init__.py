"""Inference: covariance, intervals, profiles, and functions of the estimates."""
