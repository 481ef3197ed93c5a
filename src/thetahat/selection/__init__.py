"""Several models of the same data side by side: families chosen among, given fits compared."""
