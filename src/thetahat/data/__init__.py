"""Where rows come from: arrays, data frames, CSV and Parquet files, all read in the same blocks."""

from __future__ import annotations

from thetahat.data._source import BLOCK_ROWS, Block, Source
from thetahat.data.opening import open_source

__all__ = ["BLOCK_ROWS", "Block", "Source", "open_source"]
