"""The facts of a fit, as text, in a terminal, in a notebook and as a page with plots."""
