"""How far one distribution is from another, and what it means that a fit makes it little.

For counts and labels, with p̂ the shares of the data, the negative log-likelihood is a divergence from the data, up to a
constant that no parameter changes: -ℓ/n = H(p̂, q) = H(p̂) + KL(p̂ ‖ q), so that maximum likelihood minimises KL(p̂ ‖ q).

>>> import thetahat as th
>>> counts = [0, 1, 1, 2, 0, 3]
>>> fit = th.fit(th.Poisson(), counts)
>>> fit.cross_entropy, th.entropy(counts) + th.kl_divergence(counts, fit)
(1.400975, 1.400975)

Of a density neither H(p̂) nor KL(p̂ ‖ q) exists: data are points. Then -ℓ/n estimates H(p, q), p being what the data were
drawn from, and its differences between members q are estimates of differences of KL(p ‖ q).

>>> p = th.Normal(mean=0, sd=1)
>>> one, two = th.Normal(mean=0, sd=2), th.Normal(mean=1, sd=1)
>>> draws = p.sample(100_000, rng=1)
>>> bool(abs(th.cross_entropy(draws, one) - th.cross_entropy(p, one)) < 0.01)
True
>>> round(th.cross_entropy(p, two) - th.cross_entropy(p, one), 9)
0.181853
>>> round(th.kl_divergence(p, two) - th.kl_divergence(p, one), 9)
0.181853

Soft labels, a row of probabilities over the labels for each observation, are weighted rows: one row for each label,
with its probability for a weight. What is minimised is the mean cross-entropy of the soft labels.

>>> import numpy as np
>>> soft = np.array([[0.9, 0.1, 0.0], [0.2, 0.5, 0.3], [0.0, 0.0, 1.0]])
>>> labels = np.tile(["a", "b", "c"], len(soft))
>>> fit = th.fit(th.Categorical(), labels, weights=soft.ravel())
>>> [round(value, 6) for value in fit.estimates.values()], fit.n_obs
([0.366667, 0.2, 0.433333], 3.0)
>>> bool(np.isclose(fit.cross_entropy, -(soft @ np.log(list(fit.estimates.values()))).mean()))
True
"""

from __future__ import annotations

from thetahat.divergence.measures import cross_entropy, entropy, kl_divergence
from thetahat.divergence.projection import Projection, project

__all__ = ["Projection", "cross_entropy", "entropy", "kl_divergence", "project"]
