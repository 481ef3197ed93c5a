"""A model of one's own: a log density written with jax.numpy, differentiated and compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, final

from thetahat._errors import ModelError
from thetahat.data import Source
from thetahat.models._columns_model import ColumnsModel
from thetahat.models._kernels import Kernels, check_names
from thetahat.parameters import Domain, Parameter, ParameterTable


@final
class Model:
    """A density given by its logarithm, log p(z_i; θ), written with ``jax.numpy``.

    ``log_prob(parameters, data)`` gets the parameters on their natural scale and the data's columns, both as
    attributes (``data.time``) or by key (``data["time"]``). A plain array is the column ``y``. It returns one
    log density a row, an array of shape (n,), from which everything follows; or one number for all rows, and
    then what needs the scores of rows says so. It must be a function of its arguments alone: it is traced,
    compiled, and called with some of the rows or with rows repeated, so that whatever varies by row has to be
    a column. Built-in families may stand inside, as in
    ``th.Gamma(shape=p.shape, rate=p.rate).log_prob(data.y)``, with
    ``log_sf`` of them for censored rows. The derivatives are exact (automatic differentiation: Griewank and
    Walther, 2008), in double precision whatever JAX's own setting.

    Parameters
    ----------
    log_prob
        The log density.
    parameters
        Name -> domain: ``th.real()``, ``th.positive()``, ``th.unit_interval()``, ``th.bounded(low, high)``,
        ``th.simplex(k)``, ``th.ordered(k)``.

    Raises
    ------
    ModelError
        If ``log_prob`` is no function, or the parameters are no mapping of names to domains.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> import thetahat as th
    >>> def log_prob(p, data):
    ...     return jnp.log(p.rate) - p.rate * data.y
    >>> model = th.Model(log_prob, parameters={"rate": th.positive()})
    >>> fit = th.fit(model, [1.0, 2.0, 3.0])
    >>> fit.estimates
    {'rate': 0.5}
    >>> fit.certificate.verdict.value
    'maximum'
    """

    __slots__ = ("_kernels", "log_prob", "name", "parameters")

    def __init__(self, log_prob: Callable[[Any, Any], Any], parameters: Mapping[str, Domain]) -> None:
        if not callable(log_prob):
            raise ModelError(
                f"th.Model({log_prob!r}, ...): log_prob must be a function of (parameters, data)"
            )
        if not isinstance(parameters, Mapping) or not parameters:
            raise ModelError(
                f"th.Model(parameters={parameters!r}): give a dict of names and domains, such as "
                "{'a': th.positive(), 'b': th.real()}"
            )
        check_names(parameters)
        for name, domain in parameters.items():
            if not isinstance(domain, Domain):
                called = isinstance(domain, type) and issubclass(domain, Domain)
                hint = ": it has to be called, th.positive()" if called else ""
                raise ModelError(
                    f"parameter {name!r} has the domain {domain!r}{hint}; choose from th.real(), "
                    "th.positive(), th.unit_interval(), th.bounded(low, high), th.simplex(k), "
                    "th.ordered(k)"
                )
        self.log_prob = log_prob
        self.parameters = tuple(Parameter(name, domain) for name, domain in parameters.items())
        self.name = str(getattr(log_prob, "__name__", type(log_prob).__name__))
        self._kernels = Kernels(log_prob, self.parameters)

    def on(self, source: Source, weight_column: str | None, fixed: Mapping[str, Any]) -> ColumnsModel:
        """Return the model of a source's rows, after a trial run that tells which columns it reads.

        Raises
        ------
        ModelError
            If ``log_prob`` returns neither one log density a row nor one number.
        ParameterError, SourceError
            If it asks for a parameter or a column that is not there.
        """
        table = ParameterTable(self.parameters, dict(fixed))
        return ColumnsModel(self.name, self._kernels, table, self._kernels.read(source), weight_column)

    def __repr__(self) -> str:
        domains = ", ".join(f"{p.name}: {p.domain.describe()}" for p in self.parameters)
        return f"Model({self.name}, {domains})"
