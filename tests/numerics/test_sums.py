from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from thetahat.numerics.sums import CarryChain, merge_in_order


def depth(tree):
    return 0 if isinstance(tree, int) else 1 + max(depth(tree[0]), depth(tree[1]))


def leaves(tree):
    return [tree] if isinstance(tree, int) else [*leaves(tree[0]), *leaves(tree[1])]


@given(st.integers(1, 300))
def test_order_is_kept_and_the_tree_is_shallow(count):
    tree = merge_in_order(range(count), lambda left, right: (left, right))
    assert leaves(tree) == list(range(count))
    assert depth(tree) <= count.bit_length()


def test_the_tree_is_a_function_of_positions():
    assert merge_in_order(range(6), lambda left, right: (left, right)) == (((0, 1), (2, 3)), (4, 5))


def test_empty_and_single():
    assert merge_in_order([], lambda left, _: left) is None
    assert merge_in_order([7], lambda left, _: left) == 7
    assert CarryChain(lambda left, _: left).total() is None


def test_total_can_be_asked_for_on_the_way():
    chain = CarryChain(lambda left, right: left + right)
    totals = []
    for letter in "abcde":
        chain.push(letter)
        totals.append(chain.total())
    assert totals == ["a", "ab", "abc", "abcd", "abcde"]
