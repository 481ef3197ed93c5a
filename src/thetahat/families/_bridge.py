"""Built-in families inside densities written in JAX: their support kept, their tails differentiable.

The log distribution function comes from NumPy through a callback, since JAX has no derivatives of the
incomplete gamma and beta functions in their shapes. Its first derivatives in working coordinates are the
family's own, their derivatives the family's second ones, and those in y follow from the density. A third
derivative is an error.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import ModelError
from thetahat.families._contract import FamilyContract
from thetahat.families._host import packed_words, sent_words, unpacked
from thetahat.families._tails import inner_point, tail_terms
from thetahat.families._terms import Array, Terms
from thetahat.numerics.namespace import namespace

REMEMBERED = 4
"""Blocks whose derivatives are kept between the callbacks that ask for their parts."""


def log_prob(family: FamilyContract, y: Any, theta: tuple[Any, ...]) -> Any:
    """Log density at JAX's ``y`` or parameters, -inf outside the support."""
    xp = namespace(y, *theta, *family.known_values.values())
    y = xp.asarray(family.encode(y))
    inside = _inside(family, xp, y)
    safe = xp.where(inside, y, xp.asarray(inner_point(family.support)).astype(y.dtype))
    value = family.log_density(xp, family.prepare(xp, safe, family.known_values), family.working(theta))
    return xp.where(inside, value, -np.inf)


def log_tail(family: FamilyContract, y: Any, theta: tuple[Any, ...], *, upper: bool) -> Any:
    """Log P(Y > y), or log P(Y <= y), at JAX's ``y`` or parameters, differentiable twice in both."""
    import jax.numpy as jnp

    if not family.ordered:
        raise ModelError(
            f"the labels of {type(family).__name__} have no order, so it has no distribution function"
        )
    kind = jnp.result_type(float)
    known = [family.known_values[name] for name in family.known]
    inputs = [jnp.asarray(item).astype(kind) for item in (y, *known, *family.working(theta))]
    return _Tail(family, upper=upper).function()(*_of_equal_rank(inputs))


def log_window(family: FamilyContract, window: tuple[float, float], known: Any, eta: tuple[Any, ...]) -> Any:
    """Log P(low < Y <= high) at JAX's working coordinates or known quantities, differentiable twice in the former."""
    import jax.numpy as jnp

    kind = jnp.result_type(float)
    inputs = [jnp.asarray(item).astype(kind) for item in (0.0, *(known[name] for name in family.known), *eta)]
    return _Tail(family, upper=False, window=window).function()(*_of_equal_rank(inputs))


def _of_equal_rank(inputs: list[Any]) -> list[Any]:
    """Equal ranks, so that what vmap puts in front keeps broadcasting as NumPy does."""
    rank = max(item.ndim for item in inputs)
    return [item.reshape((1,) * (rank - item.ndim) + item.shape) for item in inputs]


def _inside(family: FamilyContract, xp: Any, y: Any) -> Any:
    support = family.support
    above = y >= support.lower if support.includes_lower else y > support.lower
    below = y <= support.upper if support.includes_upper else y < support.upper
    inside = above & below & (xp.abs(y) < np.inf)
    return inside & (y == y // 1) if support.discrete else inside


@final
class _Tail:
    """One tail of one family, as a differentiable function of (y, known quantities, working coordinates).

    With a ``window`` it is the log mass of that, whatever y.
    """

    def __init__(
        self, family: FamilyContract, *, upper: bool, window: tuple[float, float] | None = None
    ) -> None:
        # Without its numbers, which may be a trace's and must not outlive it.
        self._family = family.carrying({}, {})
        self._known_names = family.known
        self._first = 1 + len(family.known)
        self._upper = upper
        self._window = window
        self._recent: deque[tuple[tuple[Array, ...], Terms]] = deque(maxlen=REMEMBERED)

    # ---- In NumPy, on whatever thread the callback runs ----------------------------------------------------

    def _terms(self, inputs: tuple[Array, ...], order: int) -> tuple[tuple[int, ...], Terms]:
        shape = np.broadcast_shapes(*(item.shape for item in inputs))
        if order:
            for held, terms in list(self._recent):
                if all(map(np.array_equal, held, inputs)):
                    return shape, terms
        flat = [
            item.ravel()[0] if item.size == 1 else np.broadcast_to(item, shape).ravel() for item in inputs
        ]
        known = dict(zip(self._known_names, flat[1 : self._first], strict=True))
        y = np.broadcast_to(inputs[0], shape).ravel()
        eta = tuple(flat[self._first :])
        if self._window is None:
            terms = tail_terms(self._family, y, known, eta, upper=self._upper, order=order)
        else:
            low, high = (np.full(y.shape, end) for end in self._window)
            with np.errstate(all="ignore"):
                terms = self._family.log_mass(low, high, known, eta, order)
        if order:
            # Copies, since the callback's arguments are lent for the call only.
            self._recent.append((tuple(item.copy() for item in inputs), terms))
        return shape, terms

    def _ask(
        self, part: Callable[[Terms], tuple[Any, ...]], order: int, width: int, inputs: tuple[Any, ...]
    ) -> Any:
        """Call back for some of the terms, stacked along a last axis of length ``width``."""
        import jax
        import jax.numpy as jnp

        typed: Any = jax
        kind = inputs[0].dtype

        def host(*packed: Any) -> NDArray[Any]:
            shape, terms = self._terms(tuple(unpacked(item) for item in packed), order)
            rows = int(np.prod(shape))
            columns = [np.broadcast_to(item, (rows,)) for item in part(terms)]
            result = np.stack(columns, axis=-1).reshape((*shape, width)) if columns else np.zeros((*shape, 0))
            return packed_words(result.astype(kind))

        shape = jnp.broadcast_shapes(*(item.shape for item in inputs))
        sent = [sent_words(item) for item in inputs]
        like = typed.ShapeDtypeStruct((*shape, width, *sent[0].shape[inputs[0].ndim :]), sent[0].dtype)
        answer = jax.pure_callback(host, like, *sent, vmap_method="expand_dims")
        return jax.lax.bitcast_convert_type(answer, kind) if answer.dtype == np.uint32 else answer

    # ---- In JAX --------------------------------------------------------------------------------------------

    def function(self) -> Callable[..., Any]:
        """Return the tail, whose derivative is ``_gradient``, whose derivative is ``_hessian``."""
        import jax

        first = self._first

        def value(order: int) -> Any:
            @jax.custom_jvp
            def tail(*inputs: Any) -> Any:
                return self._ask(lambda terms: (terms.value,), order, 1, inputs)[..., 0]

            def rule(primals: Any, tangents: Any) -> Any:
                at = with_derivatives(*primals)
                slopes = gradient(*primals)
                moves = [(index, move) for index, move in enumerate(tangents[first:]) if _moves(move)]
                total = sum(
                    (slopes[..., index] * move for index, move in moves), start=jax.numpy.zeros_like(at)
                )
                self._refuse_known(tangents)
                if _moves(tangents[0]):
                    total = total + self._slope(primals, at) * tangents[0]
                return at, total

            tail.defjvp(rule, symbolic_zeros=True)
            return tail

        @jax.custom_jvp
        def gradient(*inputs: Any) -> Any:
            return self._ask(lambda terms: terms.gradient, 2, len(inputs) - first, inputs)

        def rule(primals: Any, tangents: Any) -> Any:
            at = gradient(*primals)
            self._refuse_known(tangents)
            total = jax.numpy.zeros_like(at)
            size = len(primals) - first
            moves = [(index, move) for index, move in enumerate(tangents[first:]) if _moves(move)]
            if moves:
                curvature = hessian(*primals)
                for index, move in moves:
                    columns = [max(i, index) * (max(i, index) + 1) // 2 + min(i, index) for i in range(size)]
                    total = total + curvature[..., np.array(columns)] * move[..., None]
            if _moves(tangents[0]):
                steepness = (self._slope(primals, with_derivatives(*primals)) * tangents[0])[..., None]
                total = total + steepness * (self._density_slopes(primals) - at)
            return at, total

        gradient.defjvp(rule, symbolic_zeros=True)

        @jax.custom_jvp
        def hessian(*inputs: Any) -> Any:
            size = len(inputs) - first
            return self._ask(lambda terms: terms.hessian, 2, size * (size + 1) // 2, inputs)

        @hessian.defjvp
        def _refuse(_primals: Any, _tangents: Any) -> Any:
            raise ModelError(
                f"{self._name()} has two derivatives in its parameters, and a third was asked for; "
                "differentiate it at most twice"
            )

        with_derivatives = value(2)
        return value(0)

    def _name(self) -> str:
        return f"{type(self._family).__name__}(...).{'log_sf' if self._upper else 'log_cdf'}"

    def _refuse_known(self, tangents: Any) -> None:
        for name, move in zip(self._known_names, tangents[1 : self._first], strict=True):
            if _moves(move):
                raise ModelError(
                    f"{self._name()} has no derivative in {name}, which must be known of each row"
                )

    def _log_density(self, inputs: Any) -> Any:
        """Log density as a function of ready inputs, finite wherever it is used."""
        y, *rest = inputs
        xp = namespace(*inputs)
        known = dict(zip(self._known_names, rest, strict=False))
        inside = _inside(self._family, xp, y)
        safe = xp.where(inside, y, inner_point(self._family.support))
        rows = self._family.prepare(xp, safe, known)
        return xp.where(inside, self._family.log_density(xp, rows, tuple(inputs[self._first :])), -np.inf)

    def _slope(self, inputs: Any, at: Any) -> Any:
        """d log F / dy = f/F, and -f/(1 - F) for the upper tail; 0 for counts, whose F is a staircase."""
        xp = namespace(at)
        if self._family.support.discrete:
            return xp.zeros_like(at)
        density = self._log_density(inputs)
        possible = density > -np.inf
        ratio = xp.exp(xp.where(possible, density, 0.0) - xp.where(possible, at, 0.0))
        return xp.where(possible, -ratio if self._upper else ratio, 0.0)

    def _density_slopes(self, inputs: Any) -> Any:
        """∂ log f in each working coordinate, along a last axis."""
        import jax
        import jax.numpy as jnp

        slopes = []
        for index in range(self._first, len(inputs)):

            def moved(coordinate: Any, index: int = index) -> Any:
                return self._log_density((*inputs[:index], coordinate, *inputs[index + 1 :]))

            slopes.append(jax.jvp(moved, (inputs[index],), (jnp.ones_like(inputs[index]),))[1])
        return jnp.stack(jnp.broadcast_arrays(*slopes), axis=-1)


def _moves(tangent: Any) -> bool:
    from jax.custom_derivatives import SymbolicZero

    return not isinstance(tangent, SymbolicZero)
