"""Files several times larger than the memory that a process may take are learned from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

CHILD = Path(__file__).with_name("bounded_memory.py")
ALLOWED = 64  # MiB
N_ROWS, N_CHARACTERS = 90_000, 3_072

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does"),
]


def _write(path: Path, n_rows: int, group_size: int = 10_000) -> None:
    """Long texts of a dozen levels, and eight numbers, in pages of about a megabyte.

    Nothing is compressed, so that what is read is as large as the file.
    """
    rng = np.random.default_rng(0)
    levels = np.array([f"{i:x}" * N_CHARACTERS for i in range(12)], dtype=object)
    writer = None
    for start in range(0, n_rows, group_size):
        n = min(group_size, n_rows - start)
        frame = pd.DataFrame(rng.normal(size=(n, 8)), columns=list("abcdefgh"))
        frame["text"] = levels[rng.integers(12, size=n)]
        frame["bought"] = (frame["a"] > 0).astype(int)
        frame["spent"] = frame["b"] + rng.normal(size=n)
        table = pa.Table.from_pandas(frame, preserve_index=False)
        if writer is None:
            options = {"use_dictionary": False, "compression": "none", "write_batch_size": 64}
            writer = pq.ParquetWriter(path, table.schema, **options)
        writer.write_table(table)
    writer.close()


def _run(what: str, path: Path, out: Path) -> subprocess.CompletedProcess:
    # The allocator that pyarrow brings along sets a gigabyte aside, which would blunt the limit;
    # glibc's gives large blocks back at once where the threshold does not move.
    plain = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "1"}
    plain["MALLOC_MMAP_THRESHOLD_"] = str(2**17)
    environment = os.environ | plain | {"OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, CHILD, what, path, out, str(ALLOWED)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


def test_fit_and_predict_in_less_than_a_quarter_of_the_file(tmp_path: Path) -> None:
    """And in no more for the whole of it than for a half."""
    out, peaks = tmp_path / "answers", []
    _write(Path(f"{tmp_path / 'half'}.small"), 5_000)
    Path(f"{tmp_path / 'whole'}.small").symlink_to(f"{tmp_path / 'half'}.small")
    for name, n_rows in (("half", N_ROWS // 2), ("whole", N_ROWS)):
        path = tmp_path / name
        _write(path, n_rows)
        done = _run("stream", path, out)
        assert not done.returncode, done.stderr[-2_000:]
        peaks.append(int(done.stdout))
        assert pq.ParquetFile(out).metadata.num_rows == n_rows
    assert path.stat().st_size > 4 * ALLOWED * 2**20
    added = path.stat().st_size - (tmp_path / "half").stat().st_size
    assert peaks[1] - peaks[0] < 0.1 * added
    in_memory = _run("read", path, out)
    assert in_memory.returncode
    assert "malloc of size" in in_memory.stderr
