"""A process that may take so much more memory than it has: fit and predict from a file, or read it.

    python bounded_memory.py {stream,read} FILE OUT MEBIBYTES

Writes how much it took at most, all that is loaded included.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import torch

from sklearn_ple import ParquetSource, SharedBottomEstimator

TARGETS = ["bought", "spent"]


def used(what: str) -> int:
    """Bytes, by a line of the kernel's account of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) * 1024
    raise KeyError(what)


def estimator() -> SharedBottomEstimator:
    return SharedBottomEstimator(
        tasks=["binary", "regression"],
        bottom_widths=(4,),
        tower_widths=(),
        numeric_encoding="standard",
        embedding_dim=2,
        batch_size=1_024,
        max_epochs=1,
        early_stopping=True,
        device="cpu",
        random_state=0,
    )


def stream(path: str, out: str) -> None:
    source = ParquetSource(path, features=None, targets=TARGETS, buffer_rows=4_096)
    model = estimator().fit(source)
    assert model.target_summary_["rows"].iloc[0] == pq.ParquetFile(path).metadata.num_rows
    model.predict_to_parquet(ParquetSource(path), out)


def read(path: str) -> None:
    frame = pd.read_parquet(path, use_threads=False, pre_buffer=False)
    estimator().fit(frame.drop(columns=TARGETS), frame[TARGETS])


def main() -> None:
    what, path, out, mebibytes = sys.argv[1:]
    torch.set_num_threads(1)
    stream(f"{path}.small", f"{out}.small")  # what is loaded once is no growth
    limit = used("VmData") + int(mebibytes) * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    if what == "stream":
        stream(path, out)
    else:
        read(path)
    sys.stdout.write(str(used("VmHWM")))


if __name__ == "__main__":
    main()
