"""What a fit says of rows: their parameters, means, quantiles and probabilities, each with its uncertainty.

``laws`` makes the parameters of rows, ``new_rows`` reads rows beside those of the fit, ``quantities`` are what can be
asked of a row, ``uncertainty`` moves the covariance of the estimates to them.
"""
