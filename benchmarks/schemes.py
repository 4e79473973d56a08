"""Training speed of every architecture against its twin in loops, paired and interleaved.

    python benchmarks/schemes.py                               all of them, with 2 and with 8 tasks
    python benchmarks/schemes.py CGC PLE --tasks 2 --rounds 9  two of them

Both are trained in the same bare loop, with the same rows in the same batches, the same loss and
Adam; penalties and coupled outputs belong to both. A round trains every contender for an epoch,
each twin beside ours and either first in turn, so that a host that drifts slows both. A figure is
the median over rounds; the ratio, of the twin's seconds over ours, is taken within a round.

With glibc's defaults the heap is handed back to the system after a step and faulted in again in
the next, at up to a tenth of the time, and whoever comes second in a process inherits the heap
that the first has grown. So the script starts itself anew with a heap that is kept, for both.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from loop_twins import SCHEMES, Scheme, Sizes
from peers import MixedLoss
from torch import Tensor, nn

Batches = list[tuple[Tensor, Tensor]]
KEEP_THE_HEAP = {
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
    "MALLOC_MMAP_THRESHOLD_": str(2**30),
    "MALLOC_TOP_PAD_": str(2**28),
}


def data(n_rows: int, sizes: Sizes, *, chain: bool) -> tuple[Tensor, Tensor]:
    """Scaled features and targets: binary and regression in turn, or the steps of a chain."""
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(n_rows, sizes.in_width, generator=generator)
    signal = X[:, :1] + torch.randn(n_rows, sizes.n_tasks, generator=generator)
    if chain:
        return X, (signal > -1).float().cumprod(1)
    binary = torch.arange(sizes.n_tasks) % 2 == 0
    return X, torch.where(binary, (signal > 0).float(), signal)


@dataclass
class Pair:
    """A scheme in both writings, with all that an epoch takes, and the seconds epochs took."""

    name: str
    scheme: Scheme
    sizes: Sizes
    n_rows: int
    batch_size: int
    seconds: dict[str, list[float]] = field(default_factory=lambda: {"ours": [], "twin": []})

    def __post_init__(self) -> None:
        ours = self.scheme.ours(self.sizes)
        self.nets: dict[str, nn.Module] = {"ours": ours, "twin": self.scheme.twin(self.sizes)}
        self.optimizers = {
            writing: torch.optim.Adam(net.parameters(), lr=1e-3)
            for writing, net in self.nets.items()
        }
        self.loss = nn.BCEWithLogitsLoss() if self.scheme.chain else MixedLoss()
        self.X, self.y = data(self.n_rows, self.sizes, chain=self.scheme.chain)

    def epoch(self, writing: str, seed: int) -> float:
        """Train one of both for an epoch, in the order of rows that a seed gives; seconds."""
        net, optimizer = self.nets[writing], self.optimizers[writing]
        net.train()
        start = time.perf_counter()
        order = torch.randperm(self.n_rows, generator=torch.Generator().manual_seed(seed))
        for rows in order.split(self.batch_size):
            X, y = self.X[rows], self.y[rows]
            optimizer.zero_grad(set_to_none=True)
            raw = net(numbers=X) if writing == "ours" else net(X)
            loss, penalty = self.loss(raw, y), net.penalty(raw)
            (loss if penalty is None else loss + penalty).backward()
            optimizer.step()
        return time.perf_counter() - start

    def round(self, number: int) -> None:
        """An epoch of each, ours first in every other round."""
        writings = ("ours", "twin") if number % 2 == 0 else ("twin", "ours")
        for writing in writings:
            self.seconds[writing].append(self.epoch(writing, seed=number))


@dataclass(frozen=True)
class Row:
    """What came out for one scheme."""

    name: str
    n_tasks: int
    ours: float
    twin: float
    ratios: tuple[float, ...]

    @classmethod
    def of(cls, pair: Pair) -> Row:
        """Medians over rounds, in rows a second, and each round's ratio."""
        ours, twin = pair.seconds["ours"], pair.seconds["twin"]
        return cls(
            pair.name,
            pair.sizes.n_tasks,
            pair.n_rows / statistics.median(ours),
            pair.n_rows / statistics.median(twin),
            tuple(theirs / own for own, theirs in zip(ours, twin, strict=True)),
        )


def measure(
    names: Sequence[str],
    sizes: Sizes,
    *,
    rounds: int,
    n_rows: int = 20_000,
    batch_size: int = 1024,
) -> list[Row]:
    """Every scheme in every round, after an epoch of each that is not counted."""
    pairs = [Pair(name, SCHEMES[name], sizes, n_rows, batch_size) for name in names]
    for pair in pairs:
        pair.epoch("ours", seed=rounds)
        pair.epoch("twin", seed=rounds)
    for number in range(rounds):
        for pair in pairs:
            pair.round(number)
    return [Row.of(pair) for pair in pairs]


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown."""
    lines = [
        "| architecture | tasks | ours, rows/s | loops, rows/s | ratio | over rounds |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.name} | {row.n_tasks} | {row.ours:,.0f} | {row.twin:,.0f} "
        f"| {statistics.median(row.ratios):.2f} | {min(row.ratios):.2f} to {max(row.ratios):.2f} |"
        for row in rows
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(SCHEMES)}")
    parser.add_argument("--tasks", type=int, nargs="+", default=[2, 8])
    parser.add_argument("--experts", type=int, default=2, help="of each kind, 2 or more")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--batch-size", type=int, default=1024)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    if unknown := set(args.names) - set(SCHEMES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    if not KEEP_THE_HEAP.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | KEEP_THE_HEAP)
    torch.set_num_threads(args.threads)
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
        f"torch {torch.__version__}, {args.threads} threads, {time.strftime('%Y-%m-%d')}; "
        f"{args.rows:,} rows, batch {args.batch_size}, {args.experts} experts of each kind, "
        f"{args.rounds} rounds"
    )
    for n_tasks in args.tasks:
        sizes = Sizes(128, n_tasks, n_shared=args.experts, n_own=args.experts)
        rows = measure(
            args.names or list(SCHEMES),
            sizes,
            rounds=args.rounds,
            n_rows=args.rows,
            batch_size=args.batch_size,
        )
        print(f"\n{table(rows)}", flush=True)


if __name__ == "__main__":
    main()
