"""A density of one's own, differentiated and compiled by JAX: once for each padded number of rows.

JAX's traps are handled here. Double precision is a setting of each thread, so it is entered at every call.
Values that differ between fits (start, fixed values, rows, weights) are inputs, never constants. Rows are
padded by repeating a valid one at weight 0, since a made-up row could give NaN, which times 0 is NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat._errors import ModelError, ParameterError, SourceError
from thetahat.data import BLOCK_ROWS, Source
from thetahat.models._record import Record, asked
from thetahat.parameters import Domain, Parameter

Array = NDArray[Any]
LogProb = Callable[[Any, Any], Any]
KINDS = {"number": np.float64, "integer": np.int64, "boolean": np.bool_}
TILE = 1_024
"""Rows whose temporaries stay in a core's cache, as measured for two to four parameters."""
TRACED_ROWS = 1_024
"""Rows of a trial run on a source that does not know how many it has."""


class NoParameterError(ParameterError, AttributeError):
    """``log_prob`` asks for a parameter that was not declared."""


class NoColumnError(SourceError, AttributeError):
    """``log_prob`` asks for a column that the data do not have, or that holds no numbers."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a trial run of ``log_prob`` told.

    The columns it reads, whether it returns a number for each row, and for how many rows at once it is run.
    """

    columns: tuple[str, ...]
    by_row: bool
    tile: int


@final
class Kernels:
    """Sums of a density and its derivatives at working coordinates."""

    def __init__(self, log_prob: LogProb, parameters: tuple[Parameter, ...]) -> None:
        self._log_prob = log_prob
        self._parameters = parameters
        self._compiled: dict[Any, Any] = {}
        self._readings: dict[Any, Reading] = {}
        self._lock = Lock()

    # ---- What the density reads ---------------------------------------------------------------------------

    def read(self, source: Source) -> Reading:
        """Run ``log_prob`` once on shapes alone.

        Raises
        ------
        ModelError
            If it returns neither one log density a row nor one number.
        ParameterError, SourceError
            If it asks for a parameter or a column that is not there.
        """
        key = tuple(source.schema.items())
        if key not in self._readings:
            self._readings[key] = self._trial(source)
        return self._readings[key]

    def _trial(self, source: Source) -> Reading:
        import jax

        n = TRACED_ROWS if source.n_rows is None else source.n_rows
        usable = {name: kind for name, kind in source.schema.items() if kind in KINDS}
        seen: list[Record] = []

        def run(working: Any, columns: dict[str, Any]) -> Any:
            data = Record(columns, lambda name: _no_column(source, name))
            seen.append(data)
            result = self._log_prob(self._record(working), data)
            _check_type(result)
            return result

        with jax.enable_x64(new_val=True):
            shape: Any = jax.ShapeDtypeStruct
            like = {name: shape((n,), KINDS[kind]) for name, kind in usable.items()}
            try:
                jaxpr, result = jax.make_jaxpr(run, return_shape=True)(shape((self._size,), np.float64), like)
            except (jax.errors.TracerArrayConversionError, jax.errors.ConcretizationTypeError) as error:
                raise ModelError(
                    "log_prob cannot be differentiated: it hands a value to NumPy, or makes a Python number or a "
                    "condition of it. Write it with jax.numpy (import jax.numpy as jnp), and jnp.where instead of if"
                ) from error
        by_row = _check_result(result, n)
        columns = asked(seen[-1])
        if not columns:
            raise ModelError(
                f"log_prob reads no column of the data, so they cannot tell anything of its parameters; "
                f"{source.title} has: {', '.join(list(source.schema)[:20])}"
            )
        # A call back to NumPy costs as much as a thousand rows, so where there are such calls they are few.
        return Reading(columns, by_row, BLOCK_ROWS if "pure_callback" in str(jaxpr) else TILE)

    @property
    def _size(self) -> int:
        return sum(parameter.domain.free_size for parameter in self._parameters)

    def _record(self, working: Any) -> Record:
        values = {}
        start = 0
        for parameter in self._parameters:
            domain = parameter.domain
            part = working[start : start + domain.free_size]
            values[parameter.name] = _kept_inside(
                domain, domain.from_free(part if domain.vector else part[0])
            )
            start += domain.free_size
        return Record(values, self._no_parameter)

    def _no_parameter(self, name: str) -> Exception:
        names = ", ".join(parameter.name for parameter in self._parameters)
        return NoParameterError(
            f"log_prob asks for the parameter {name!r}; the model's parameters are: {names}"
        )

    # ---- Compiled sums ------------------------------------------------------------------------------------

    def call(
        self, what: str, reading: Reading, working: Array, columns: tuple[Any, ...], rows: tuple[Any, ...]
    ) -> Any:
        """Run one kernel: ``value``, ``derivatives`` or ``scores``; NumPy arrays come out.

        ``rows`` holds the number of tiles, the weights and the rounding units; it is empty where the density
        returns one number.
        """
        import jax

        key = (what, reading, tuple((column.shape, column.dtype) for column in columns))
        with jax.enable_x64(new_val=True):
            compiled = self._compiled.get(key)
            if compiled is None:
                with self._lock:
                    compiled = self._compiled.get(key)
                    if compiled is None:
                        density = self._density(reading)
                        sums = _tiled(what, density, reading.tile) if rows else _whole(what, density)
                        compiled = self._compile(sums, working, columns, rows)
                        self._compiled[key] = compiled
            return tuple(np.asarray(item) for item in compiled(working, columns, *rows))

    @staticmethod
    def _compile(
        sums: Callable[..., Any], working: Array, columns: tuple[Any, ...], rows: tuple[Any, ...]
    ) -> Any:
        import jax

        try:
            return jax.jit(sums).lower(working, columns, *rows).compile()
        except (TypeError, ValueError) as error:
            if rows:
                error.add_note(
                    "th.Model calls log_prob with a part of the rows at a time, or with rows repeated; "
                    "whatever varies by row must be a column of the data, not an array from outside"
                )
            raise

    def _density(self, reading: Reading) -> Callable[..., Any]:
        def density(working: Any, columns: tuple[Any, ...]) -> Any:
            data = Record(dict(zip(reading.columns, columns, strict=True)), NoColumnError)
            return self._log_prob(self._record(working), data)

        return density


Total = Callable[[Any], tuple[Any, Any]]
"""Working coordinates -> log-likelihood, and the sum of absolute values by which its rounding is judged."""


def _derivatives(total: Total, working: Any) -> Any:
    """Value, absolute sum, score and information: forward over reverse, the cheapest as measured."""
    import jax
    import jax.numpy as jnp

    ((value, absolute), score), move = jax.linearize(jax.value_and_grad(total, has_aux=True), working)
    curvature = jax.vmap(lambda step: move(step)[1])(jnp.eye(working.size))
    return value, absolute, score, -(curvature + curvature.T) / 2


def _whole(what: str, density: Callable[..., Any]) -> Callable[..., Any]:
    """Return the kernel of a density that is one number for all rows."""

    def sums(working: Any, columns: tuple[Any, ...]) -> Any:
        def total(at: Any) -> tuple[Any, Any]:
            value = density(at, columns)
            # How much was summed to get here is not known; a nat a row is a modest guess.
            return value, abs(value) + columns[0].shape[0]

        return total(working) if what == "value" else _derivatives(total, working)

    return sums


def _tiled(what: str, density: Callable[..., Any], tile: int) -> Callable[..., Any]:
    """Return the kernel of a density by row, which goes through a block in tiles that stay in the cache."""
    kernel = {"value": _tile_value, "derivatives": _tile_derivatives, "scores": _tile_scores}[what]

    def sums(working: Any, columns: tuple[Any, ...], tiles: Any, weight: Any, log_unit: Any) -> Any:
        import jax.numpy as jnp
        from jax import lax

        if weight.shape[0] <= tile:
            return kernel(density, working, columns, weight, log_unit)

        def add(index: Any, held: Any) -> Any:
            def part(column: Any) -> Any:
                return lax.dynamic_slice(column, (index * tile,), (tile,))

            new = kernel(density, working, tuple(map(part, columns)), part(weight), part(log_unit))
            sums = tuple(old + item for old, item in zip(held[:-1], new[:-1], strict=True))
            return (*sums, jnp.maximum(held[-1], new[-1]) if what == "scores" else held[-1] + new[-1])

        k = working.size
        zero, vector, matrix = jnp.zeros(()), jnp.zeros(k), jnp.zeros((k, k))
        nothing = {
            "value": (zero, zero),
            "derivatives": (zero, zero, vector, matrix),
            "scores": (vector, matrix, zero - np.inf),
        }[what]
        return lax.fori_loop(0, tiles, add, nothing)

    return sums


def _tile_value(density: Callable[..., Any], working: Any, columns: Any, weight: Any, _log_unit: Any) -> Any:
    values = density(working, columns)
    return (weight * values).sum(), (weight * abs(values)).sum()


def _tile_derivatives(
    density: Callable[..., Any], working: Any, columns: Any, weight: Any, _log_unit: Any
) -> Any:
    def total(at: Any) -> tuple[Any, Any]:
        values = density(at, columns)
        return (weight * values).sum(), (weight * abs(values)).sum()

    return _derivatives(total, working)


def _tile_scores(density: Callable[..., Any], working: Any, columns: Any, weight: Any, log_unit: Any) -> Any:
    import jax
    import jax.numpy as jnp

    values, move = jax.linearize(lambda at: density(at, columns), working)
    scores = jax.vmap(move)(jnp.eye(working.size))
    return (weight * abs(scores)).sum(axis=1), (weight * scores) @ scores.T, (values + log_unit).max()


def _kept_inside(domain: Domain, value: Any) -> Any:
    """Keep rounding from carrying a value onto an edge that its domain lacks, such as a probability of 1."""
    import jax.numpy as jnp

    tiny = float(np.finfo(float).tiny)
    low = tiny if domain.lower == 0 else np.nextafter(domain.lower, np.inf)
    if np.isfinite(domain.lower):
        value = jnp.maximum(value, low)
    if np.isfinite(domain.upper):
        value = jnp.minimum(value, np.nextafter(domain.upper, -np.inf))
    return value


def _no_column(source: Source, name: str) -> Exception:
    kind = source.schema.get(name)
    if kind is not None:
        return NoColumnError(
            f"log_prob reads the column {name!r}, which holds text; give it as numbers, such as codes 0, 1, 2"
        )
    try:
        source.require([name])
    except SourceError as error:
        return NoColumnError(f"log_prob reads a column that is not there: {error}")
    raise AssertionError(name)


def _check_type(result: Any) -> None:
    import jax

    if isinstance(result, jax.Array | np.ndarray | np.generic | float | int | complex):
        return
    raise ModelError(
        f"log_prob returned {type(result).__name__} ({_shortened(result)}); expected an array with one log "
        "density a row, or one number for all rows"
    )


def _check_result(result: Any, n: int) -> bool:
    if result.dtype != np.float64:
        hint = {
            "c": "take the real part where that is what is meant",
            "f": "compute in double precision throughout, without casting",
        }.get(result.dtype.kind, "log densities are floating-point numbers: has a logarithm been forgotten?")
        raise ModelError(f"log_prob returned {result.dtype}, expected float64: {hint}")
    if result.shape == (n,):
        return True
    if result.shape == ():
        return False
    hint = " (sum over the other axes, or index one)" if result.ndim > 1 else ""
    raise ModelError(
        f"log_prob returned an array of shape {result.shape} for {n} rows; expected ({n},), one log density "
        f"a row, or one number for all rows{hint}"
    )


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def check_names(parameters: Mapping[str, Any]) -> None:
    """Refuse names that mean something else in a fit."""
    reserved = ("y", "trials", "weights", "links", "fixed", "start")
    for name in parameters:
        if not isinstance(name, str) or not name:
            raise ModelError(f"a parameter is named {name!r}; names are text")
        if name in reserved or name.startswith("__"):
            raise ModelError(f"no parameter may be named {name!r}; reserved are: {', '.join(reserved)}")
