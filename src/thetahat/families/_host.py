"""Functions that NumPy computes, inside densities written in JAX.

Some normalising constants are sums of as many terms as their parameters ask for, which JAX cannot trace. They come
from NumPy through a callback, with the first derivatives that the family has, whose derivatives are the second ones.
A third derivative is an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._errors import ModelError
from thetahat.families._terms import Array, Terms


def host_function(
    terms: Callable[[tuple[Array, ...], int], Terms], n_data: int, name: str
) -> Callable[..., Any]:
    """A function of JAX's numbers, differentiable twice.

    Parameters
    ----------
    terms
        ``terms(inputs, order)`` in NumPy, for flat inputs of equal size: the value with derivatives in all inputs but
        the first ``n_data``.
    n_data
        How many of the inputs have no derivative.
    name
        What an error calls the function.
    """
    import jax
    import jax.numpy as jnp

    def ask(part: Callable[[Terms], tuple[Any, ...]], order: int, width: int, inputs: tuple[Any, ...]) -> Any:
        typed: Any = jax
        kind = inputs[0].dtype

        def host(*packed: Any) -> NDArray[Any]:
            arrays = np.broadcast_arrays(*(unpacked(item) for item in packed))
            shape = arrays[0].shape
            with np.errstate(all="ignore"):
                found = part(terms(tuple(np.ravel(item).astype(float) for item in arrays), order))
            rows = int(np.prod(shape))
            stacked = np.stack([np.broadcast_to(item, (rows,)) for item in found], axis=-1)
            return packed_words(stacked.reshape((*shape, width)).astype(kind))

        shape = jnp.broadcast_shapes(*(item.shape for item in inputs))
        sent = [sent_words(item) for item in inputs]
        like = typed.ShapeDtypeStruct((*shape, width, *sent[0].shape[inputs[0].ndim :]), sent[0].dtype)
        answer = jax.pure_callback(host, like, *sent, vmap_method="expand_dims")
        return jax.lax.bitcast_convert_type(answer, kind) if answer.dtype == np.uint32 else answer

    def size_of(inputs: tuple[Any, ...]) -> int:
        return len(inputs) - n_data

    @jax.custom_jvp
    def value(*inputs: Any) -> Any:
        return ask(lambda found: (found.value,), 0, 1, inputs)[..., 0]

    @value.defjvp
    def _value_rule(primals: Any, tangents: Any) -> Any:
        slopes = gradient(*primals)
        at = value(*primals)
        moves = [slopes[..., k] * move for k, move in enumerate(tangents[n_data:])]
        return at, sum(moves, start=jnp.zeros_like(at))

    @jax.custom_jvp
    def gradient(*inputs: Any) -> Any:
        return ask(lambda found: found.gradient, 2, size_of(inputs), inputs)

    @gradient.defjvp
    def _gradient_rule(primals: Any, tangents: Any) -> Any:
        at, curvature = gradient(*primals), hessian(*primals)
        size = size_of(primals)
        total = jnp.zeros_like(at)
        for k, move in enumerate(tangents[n_data:]):
            columns = np.array([max(i, k) * (max(i, k) + 1) // 2 + min(i, k) for i in range(size)])
            total = total + curvature[..., columns] * move[..., None]
        return at, total

    @jax.custom_jvp
    def hessian(*inputs: Any) -> Any:
        size = size_of(inputs)
        return ask(lambda found: found.hessian, 2, size * (size + 1) // 2, inputs)

    @hessian.defjvp
    def _refuse(_primals: Any, _tangents: Any) -> Any:
        raise ModelError(
            f"{name} has two derivatives in its parameters, and a third was asked for; differentiate it at most twice"
        )

    def function(*inputs: Any) -> Any:
        kind = jnp.result_type(float)
        ready = [jnp.asarray(item).astype(kind) for item in inputs]
        rank = max(item.ndim for item in ready)
        # Equal ranks, so that what vmap puts in front keeps broadcasting as NumPy does.
        return value(*(item.reshape((1,) * (rank - item.ndim) + item.shape) for item in ready))

    return function


# JAX's double precision is a setting of each thread, and callbacks come on threads that do not have it, on
# which doubles would be rounded to single precision. So they travel as pairs of 32-bit words.


def sent_words(item: Any) -> Any:
    """JAX's doubles as pairs of words."""
    from jax import lax

    return lax.bitcast_convert_type(item, np.uint32) if item.dtype == np.float64 else item


def unpacked(item: Any) -> Array:
    """Pairs of words as NumPy's doubles."""
    array = np.ascontiguousarray(item)
    return array.view(np.float64)[..., 0] if array.dtype == np.uint32 else array


def packed_words(array: Array) -> Array:
    """NumPy's doubles as pairs of words."""
    return np.ascontiguousarray(array)[..., None].view(np.uint32) if array.dtype == np.float64 else array
