"""A page about a selection: the ranking, the best few over the data, the best fit's estimates."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from thetahat import report
from thetahat._errors import InferenceError
from thetahat.fit import Fit
from thetahat.rendering import for_html
from thetahat.report.candidates import candidates_picture
from thetahat.report.html import as_html as summary_html
from thetahat.report.versions import versions
from thetahat.selection.shown import Shown, as_html

_STYLE = Path(report.__file__).with_name("style.css")


def page(shown: Shown, best: Fit, few: Mapping[str, Fit]) -> str:
    """The page as text, with the best fit and the ``few`` to draw. It loads nothing: style and picture are inside."""
    try:
        picture = f"<figure class=wide>{candidates_picture(few)}</figure>"
    except InferenceError as error:
        picture = f'<p class="note">{for_html(error)}</p>'
    digest = f"<div><dt>SHA-256 of the values</dt><dd><code>{for_html(best.data_digest)}</code></dd></div>"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{for_html(shown.title)}</title><style>{_STYLE.read_text(encoding='utf-8')}</style></head>\n"
        f'<body><main>\n<p class="kicker">Maximum likelihood selection</p><h1>{for_html(shown.title)}</h1>\n'
        f"<section><h2>The best over the data</h2><div class=plots>{picture}</div></section>\n"
        f"<section><h2>Ranking</h2>{as_html(shown, titled=False)}</section>\n"
        f"<section><h2>The best fit</h2>{summary_html(best.summary())}</section>\n"
        f'<section><h2>Where this comes from</h2><dl class="lines">{digest}</dl></section>'
        f"<footer>{for_html(versions())}</footer>\n</main></body></html>\n"
    )
