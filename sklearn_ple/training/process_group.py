"""`ProcessGroup`: processes that train one network together, each on its rows of every batch."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from sklearn_ple.training.row_data import Share

if TYPE_CHECKING:
    from torch.distributed.distributed_c10d import Store

T = TypeVar("T")
_ROLL_CALL_SECONDS = 5.0


class ProcessGroupError(RuntimeError):
    """Processes that share a fit can't go on, or differ; the message says which and why."""


class ProcessGroup:
    """The processes that share a fit, for as long as it lasts.

    It has connections of its own, apart from those of the launcher's group. So the fit ends in
    every process as soon as it ends in one: whoever leaves closes them, and says why in the
    launcher's store, where the others look it up.

    Parameters
    ----------
    handle : torch.distributed.ProcessGroup
        Of all processes; closed at the end.
    store : torch.distributed.Store or None
        Where leaving processes say why.

    Attributes
    ----------
    share : Share
        Which rows of a batch are this process's.
    """

    def __init__(self, handle: dist.ProcessGroup, store: Store | None) -> None:
        self.share = Share(dist.get_rank(handle), dist.get_world_size(handle))
        self._handle: dist.ProcessGroup | None = handle
        self._store = store
        self._place = f"sklearn_ple/{handle.group_name}"

    @classmethod
    def meet(cls) -> Self:
        """Wait for all processes of the launcher's group.

        Raises
        ------
        ProcessGroupError
            If one of them is gone.
        """
        try:
            dist.barrier()  # a lost process is noticed here at once, in `new_group` after minutes
            handle = dist.new_group()
            dist.barrier(group=handle)  # who leaves before all are connected would not be missed
        except RuntimeError as error:
            raise ProcessGroupError(
                f"The processes of the launcher's group can't meet to share a fit: {error}"
            ) from error
        return cls(handle, dist.distributed_c10d._get_default_store())

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes and shows."""
        return self.share.rank == 0

    def add_up(self, tensor: Tensor) -> Tensor:
        """The sum over processes, the same in all to the last bit, in the tensor's own memory."""
        self._together(dist.all_reduce, tensor)
        return tensor

    def whole_losses(self, sums: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Sums of losses and of weights (task,) over the rows of all processes.

        Gradients are those by the rows of this process.
        """
        whole = _Sum.apply(torch.cat([sums, weights]), self)
        return whole[: len(sums)], whole[len(sums) :].detach()

    def whole_penalty(self, penalty: Tensor, n_rows: int) -> Tensor:
        """The mean over processes, each by its number of rows.

        So a mean over rows is one over the rows of all, and what does not depend on rows counts
        once.
        """
        whole = _Sum.apply(torch.stack([penalty * n_rows, penalty.new_tensor(n_rows)]), self)
        return whole[0] / whole[1]

    @torch.no_grad()
    def add_up_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Gradients by the rows of this process to those by the rows of all, in one exchange."""
        gradients = [p.grad for p in parameters if p.grad is not None]
        whole = self.add_up(torch.cat([gradient.flatten() for gradient in gradients]))
        parts = whole.split([gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    @torch.no_grad()
    def take_from_first(self, parameters: Sequence[nn.Parameter]) -> None:
        """The first process's values in all: other hardware may have rounded otherwise."""
        for parameter in parameters:
            self._together(dist.broadcast, parameter.detach(), 0)

    def any(self, flag: bool, device: str) -> bool:
        """Whether it holds in any process."""
        return bool(self.add_up(torch.tensor([int(flag)], device=device))[0])

    def from_first(self, value: T) -> T:
        """The first process's value."""
        values = [value]
        self._together(dist.broadcast_object_list, values, 0)
        return values[0]

    def require_same(self, facts: Mapping[str, str]) -> None:
        """Check that all processes were given the same.

        Parameters
        ----------
        facts : dict of str to str
            What is compared, by name.

        Raises
        ------
        ProcessGroupError
            In every process, with the first name that differs and its values.
        """
        of_all: list[dict[str, str]] = [{}] * self.share.size
        here = {"the version of torch": torch.__version__, **facts}
        self._together(dist.all_gather_object, of_all, here)
        first = of_all[0]
        for rank, other in enumerate(of_all):
            for name in {**first, **other}:
                if first.get(name) != other.get(name):
                    raise ProcessGroupError(
                        f"Processes that share a fit must be given the same data and parameters, "
                        f"each all of the rows: it takes its part of every batch by itself. They "
                        f"differ in {name}: process 0 has {first.get(name)}, process {rank} has "
                        f"{other.get(name)}."
                    )

    def finish(self) -> None:
        """Wait until all are done, so that either all return or none, and close."""
        self._together(dist.barrier)
        self._close()

    def leave(self, error: BaseException) -> None:
        """Tell the others why, if it began here, and close, which ends their waiting."""
        if not isinstance(error, ProcessGroupError):
            self._sign("raised " + ": ".join(filter(None, [type(error).__name__, str(error)])))
        self._close()

    def _close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None:
            with suppress(RuntimeError):
                dist.destroy_process_group(handle)

    def _together(self, collective: Callable[..., Any], *args: Any) -> None:
        try:
            collective(*args, group=self._handle)
            return
        except RuntimeError as error:
            gist = str(error)
        # Out of the handler: its traceback would keep the connections open, and others waiting.
        self._close()
        raise ProcessGroupError(self._who_left(gist))

    def _sign(self, reason: str) -> None:
        if self._store is not None:
            with suppress(RuntimeError):
                self._store.set(f"{self._place}/{self.share.rank}", reason)

    def _who_left(self, gist: str) -> str:
        """Ask all processes for a sign, and say who left first."""
        self._sign("")
        missing = set(range(self.share.size)) - {self.share.rank}
        reasons: dict[int, str] = {}
        until = time.monotonic() + _ROLL_CALL_SECONDS
        with suppress(RuntimeError):
            while self._store is not None and missing and not any(reasons.values()):
                if time.monotonic() > until:
                    break
                for rank in sorted(missing):
                    if self._store.check([f"{self._place}/{rank}"]):
                        reasons[rank] = self._store.get(f"{self._place}/{rank}").decode()
                        missing.discard(rank)
                time.sleep(0.02)
        said = [f"process {rank} {reason}" for rank, reason in reasons.items() if reason]
        if missing and not said:
            ranks = " or ".join(str(rank) for rank in sorted(missing))
            said = [f"process {ranks} is gone, or does not answer: look at what it wrote last"]
        return (
            f"The fit that {self.share.size} processes share has ended in this one (process "
            f"{self.share.rank}): {('; '.join(said) or gist).rstrip('.')}. Start it again in all."
        )


class _Sum(torch.autograd.Function):
    """The sum over processes of a tensor that each has a part of; the gradient is each part's."""

    @staticmethod
    def forward(ctx: Any, part: Tensor, group: ProcessGroup) -> Tensor:
        return group.add_up(part.clone())

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient, None
