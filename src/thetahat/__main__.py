"""``python -m thetahat`` is the command ``thetahat``."""

from __future__ import annotations

import sys

from thetahat.cli import main

if __name__ == "__main__":
    sys.exit(main())
