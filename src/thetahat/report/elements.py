"""The pieces that a page is made of."""

from __future__ import annotations

import numpy as np

from thetahat.rendering import for_html, number


def nats(value: float, unit: str = " nats") -> str:
    """A difference of log-likelihoods."""
    return "—" if np.isnan(value) else f"{number(value, 2)}{unit}"


def words(verdict: str) -> str:
    """A name as people write it."""
    return verdict.replace("_", " ")


def pairs(items: list[tuple[str, str]]) -> str:
    """Terms with what is to be said of each, for a ``dl``."""
    return "".join(f"<div><dt>{for_html(name)}</dt><dd>{for_html(text)}</dd></div>" for name, text in items)


def note(text: str) -> str:
    """A remark in small print."""
    return f'<p class="note">{for_html(text)}</p>'


def figure(title: str, svg: str, caption: str, *, wide: bool = False) -> str:
    """A picture with its title and what to see in it."""
    told = f"<figcaption>{for_html(caption)}</figcaption>" if caption else ""
    return f"<figure{' class=wide' * wide}><h3>{for_html(title)}</h3>{svg}{told}</figure>"
