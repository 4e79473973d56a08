"""What several processes of one host cost and gain, at the same global batch.

    python benchmarks/process_groups.py                     1 and 2 processes, one thread each
    python benchmarks/process_groups.py --processes 1 2 4 --rows 400000

For each number of processes: training rows per second of whole epochs (the best of three), and per
second that a core worked, preparation included, which other work on the host leaves as it is; then,
of one step's gradients, how long it takes to add them up in one exchange, and what a forward and
backward pass takes with that, and with `DistributedDataParallel` in its place.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.distributed as dist
from speed import Workload
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from sklearn_ple.training.process_group import ProcessGroup

N_EPOCHS, N_STEPS = 3, 60


def fastest(call: Callable[[], object]) -> float:
    """Milliseconds of a call, the least of many: other work on the host only adds to it."""
    seconds = []
    for _ in range(N_STEPS):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return 1e3 * min(seconds)


def exchange(module: nn.Module, x: Tensor, group: ProcessGroup) -> str:
    """Times of one exchange of gradients and of passes with it, as a line of a table."""
    parameters = list(module.parameters())

    def passes(model: nn.Module) -> None:
        module.zero_grad()
        model(numbers=x).sum().backward()

    def with_sum() -> None:
        passes(module)
        group.add_up_gradients(parameters)

    alone = fastest(lambda: passes(module))
    added = fastest(lambda: group.add_up_gradients(parameters))
    summed = fastest(with_sum)
    wrapped = DistributedDataParallel(module)
    ddp = fastest(lambda: passes(wrapped))
    n_numbers = sum(p.numel() for p in parameters)
    return (
        f"{n_numbers:,} gradients in {added:.2f} ms; passes {alone:.2f} ms, with one sum "
        f"{summed:.2f}, with DDP {ddp:.2f}"
    )


def work(n_rows: int) -> None:
    """What each process does; the first prints."""
    torch.set_num_threads(1)
    n_processes = int(os.environ["WORLD_SIZE"])
    workload = Workload("W1", n_rows, 128, 2, 2)
    X, Y = workload.data()
    if n_processes > 1:
        dist.init_process_group("gloo")
    workload.estimator().fit(X[:4096], Y[:4096])  # what is imported late is imported by now
    start = time.process_time()
    model = workload.estimator(max_epochs=N_EPOCHS).fit(X, Y)
    cores = n_processes * (time.process_time() - start)
    line = (
        f"{n_processes} | {n_rows / model.history_['seconds'].min():,.0f} rows/s, "
        f"{N_EPOCHS * n_rows / cores:,.0f} a second of a core"
    )
    if n_processes > 1:
        group = ProcessGroup.meet()
        x = torch.from_numpy(X[: workload.batch_size // n_processes])
        line += f" | {exchange(model.module_, x, group)}"
        group.finish()
    if os.environ["RANK"] == "0":
        print(line, flush=True)
    if n_processes > 1:
        dist.destroy_process_group()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--port", type=int, default=29_533)
    given = parser.parse_args()
    if "RANK" in os.environ:
        work(given.rows)
        return
    load = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    print(f"PLE of 128 columns, batches of 1024; {load}", flush=True)
    for n_processes in given.processes:
        meet = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(given.port), "OMP_NUM_THREADS": "1"}
        meet |= {"WORLD_SIZE": str(n_processes), "PYTHONWARNINGS": "ignore"}
        command = [sys.executable, str(Path(__file__)), "--rows", str(given.rows)]
        started = [
            subprocess.Popen(command, env=os.environ | meet | {"RANK": str(rank)})
            for rank in range(n_processes)
        ]
        if any(process.wait() for process in started):
            sys.exit("A process failed.")


if __name__ == "__main__":
    main()
