"""Parsed rows on disk: text is parsed once, later passes read binary columns."""

from __future__ import annotations

import tempfile
import weakref
from typing import TYPE_CHECKING, Any, final

import pyarrow as pa
from pyarrow import ipc

from thetahat._errors import SourceError
from thetahat.data._arrow import declared_kind, exact_kind, to_column

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from thetahat.data._source import Column, Kind


@final
class Spool:
    """A temporary Arrow file of record batches of one schema.

    The file has no name where the system allows that, and is gone when the spool is closed or collected.
    """

    def __init__(self) -> None:
        file = tempfile.TemporaryFile(prefix="thetahat-")  # noqa: SIM115 - lives as long as the spool
        self.close = weakref.finalize(self, file.close)
        self._sink = pa.PythonFile(file, mode="w")
        self._stored = pa.PythonFile(file, mode="r")
        self._writer: Any = None
        self._missing: dict[str, int] = {}
        self.types: dict[str, Any] = {}
        self.n_rows = 0

    def write(self, batch: Any) -> None:
        """Append a record batch; the first one sets the schema.

        Raises
        ------
        SourceError
            If the disk is full.
        """
        if self._writer is None:
            self.types = dict(zip(batch.schema.names, batch.schema.types, strict=True))
            self._missing = dict.fromkeys(self.types, 0)
            self._writer = ipc.new_file(self._sink, batch.schema)
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            self._missing[name] += column.null_count
        try:
            self._writer.write_batch(batch)
        except OSError as error:
            raise SourceError(
                f"the temporary file for parsed rows in {tempfile.gettempdir()} cannot be written ({error}); "
                "free space there or point TMPDIR to another disk"
            ) from error
        self.n_rows += batch.num_rows

    def finish(self) -> None:
        """End writing; from here on the spool can be read."""
        if self._writer is not None:
            self._writer.close()
            self._sink.flush()

    def kinds(self) -> dict[str, Kind]:
        """The kinds of the columns that can be used."""
        declared = {name: declared_kind(arrow_type) for name, arrow_type in self.types.items()}
        return {
            name: exact_kind(kind, missing=self._missing[name] > 0, beyond_int64=False)
            for name, kind in declared.items()
            if kind is not None
        }

    def batches(self, kinds: Mapping[str, Kind]) -> Iterator[tuple[int, dict[str, Column]]]:
        """Yield the rows in the batches in which they were written, with these columns."""
        positions = {name: position for position, name in enumerate(self.types) if name in kinds}
        options = ipc.IpcReadOptions(included_fields=list(positions.values()), use_threads=False)
        reader = ipc.open_file(self._stored, options=options)
        for index in range(reader.num_record_batches):
            batch = reader.get_batch(index)
            yield batch.num_rows, {name: to_column(batch.column(name), kind) for name, kind in kinds.items()}
