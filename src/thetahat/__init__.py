"""thetahat: maximum likelihood estimation, whole and honest."""
