"""How much room text takes in a terminal, where East Asian letters are two columns wide and accents none."""

from __future__ import annotations

from unicodedata import combining, east_asian_width


def display_width(text: str) -> int:
    """Columns that a text takes in a terminal (Unicode Standard Annex 11, ambiguous letters narrow).

    Examples
    --------
    >>> display_width("wait"), display_width("日本")
    (4, 4)
    """
    return len(text) if text.isascii() else sum(map(_of_letter, text))


def padded(text: str, width: int, *, left: bool = True) -> str:
    """The text with blanks after it, or before it unless it stands ``left``, up to this display width.

    Examples
    --------
    >>> padded("日本", 6) + "|", padded("日本", 6, left=False) + "|"
    ('日本  |', '  日本|')
    """
    blanks = " " * (width - display_width(text))
    return text + blanks if left else blanks + text


def fitting(text: str, width: int) -> int:
    """How many of the first letters fit into this display width, at least one.

    Examples
    --------
    >>> fitting("日本語", 5)
    2
    """
    taken = 0
    for index, letter in enumerate(text):
        taken += _of_letter(letter)
        if taken > width:
            return max(index, 1)
    return len(text)


def _of_letter(letter: str) -> int:
    if combining(letter):
        return 0
    return 2 if east_asian_width(letter) in "WF" else 1
