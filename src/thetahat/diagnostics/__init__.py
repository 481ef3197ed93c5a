"""How well a model fits, row by row and as a whole."""
