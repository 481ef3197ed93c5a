"""Where in their block packed rows came from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass

Array = NDArray[Any]
NOWHERE: NDArray[np.intp] = np.zeros(0, dtype=np.intp)


@dataclass(frozen=True, slots=True)
class RowPositions:
    """The positions in a block of its packed parts; None means every row of the block, in order.

    Rows of weight 0 are packed nowhere.
    """

    exact: Array | None = None
    interval: Array | None = None

    @classmethod
    def of(cls, exact: Array | None, interval: Array | None, kept: Array | None) -> RowPositions:
        """Positions in the block of parts given by positions among the rows that were ``kept`` (None: all)."""

        def there(part: Array | None) -> Array | None:
            if kept is None:
                return part
            return kept if part is None else kept[part]

        return cls(there(exact), there(interval))
