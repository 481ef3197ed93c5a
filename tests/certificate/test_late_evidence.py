"""Evidence that is computed when it is read is the same as if it had been computed at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import thetahat as th


def test_eigenvalues_and_change_of_curvature_are_those_of_the_information() -> None:
    rng = np.random.default_rng(2)
    x = np.column_stack([np.ones(300), rng.standard_normal((300, 3)) * (1.0, 1e4, 1e-4)])
    fit = th.regress(x, rng.poisson(3.0, 300), th.Poisson())
    certificate = fit.certificate
    information = fit.information("observed")
    roots = np.sqrt(information.diagonal())
    values = np.linalg.eigvalsh(information / roots / roots[:, np.newaxis])
    assert certificate.smallest_eigenvalue == pytest.approx(values[0], rel=1e-9)
    assert certificate.condition_number == pytest.approx(values[-1] / values[0], rel=1e-9)
    assert 0.0 <= certificate.curvature_change < 0.25
    assert certificate.plain()["condition_number"] == certificate.condition_number


def test_a_certificate_can_be_changed_and_compared() -> None:
    certificate = th.fit(th.Gamma(), [1.0, 2.0, 4.0]).certificate
    changed = replace(certificate, sentence="Another one.")
    assert changed.smallest_eigenvalue == certificate.smallest_eigenvalue
    assert changed != certificate
    assert replace(changed, sentence=certificate.sentence) == certificate
