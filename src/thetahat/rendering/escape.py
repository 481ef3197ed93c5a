"""Text from outside, such as column names, labels and paths, made harmless where it is shown."""

from __future__ import annotations

import re
from html import escape

# Control characters (C0, DEL, C1), line and paragraph separators, marks that reorder what follows them, and lone
# surrogates, which no encoding can write.
_ACTIVE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def for_terminal(text: object) -> str:
    r"""Write control characters as escapes, so that text cannot move a cursor or hide its neighbours.

    Examples
    --------
    >>> for_terminal("wait\x1b[2J\n")
    'wait\\x1b[2J\\n'
    """
    return _ACTIVE.sub(lambda found: repr(found[0])[1:-1], str(text))


def for_html(text: object) -> str:
    """Write text so that a browser shows it and never reads it as markup, in elements and in attributes.

    Examples
    --------
    >>> for_html('<script>"')
    '&lt;script&gt;&quot;'
    """
    return escape(for_terminal(text), quote=True)
