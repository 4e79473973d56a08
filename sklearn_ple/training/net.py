"""`MultiTaskNet`: skorch's net, fed with whole batches and asked for nothing in between."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any, ClassVar

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback
from torch import Tensor

from sklearn_ple.nn import MultiTaskModule
from sklearn_ple.nn.layer import without_decay
from sklearn_ple.tasks.whole_vectors import filled_up
from sklearn_ple.training.callbacks import Checkpoint
from sklearn_ple.training.criterion import weighted_means
from sklearn_ple.training.device import Precision, autocast
from sklearn_ple.training.lent_noise import LentNoise
from sklearn_ple.training.process_group import ProcessGroup
from sklearn_ple.training.random_streams import RandomStreams
from sklearn_ple.training.row_data import WHOLE, Batch, Batches, Features, RowData, Share
from sklearn_ple.training.tensor_data import move
from sklearn_ple.weighting import GradientWeighting

_CHUNK_CPU, _CHUNK_GPU = 2048, 65_536  # on a CPU what fits into its caches is fastest


class MultiTaskNet(NeuralNet):
    """Trains a `MultiTaskModule` by a `MultiTaskLoss`.

    It keeps skorch's surface (callbacks, history, `module_`, `optimizer_`) and replaces the inner
    loop: data sets are `RowData`, which cut whole batches, losses add up on the device and are read
    once an epoch.

    Parameters
    ----------
    module : MultiTaskModule
    criterion : MultiTaskLoss
    task_names : list of str
    streams : RandomStreams
    weight_decay : float
        Applied to weight matrices only.
    precision : str
    **kwargs
        As in `skorch.NeuralNet`.
    """

    # Pickled as one, so that what is one object stays one and opens where there is no GPU.
    cuda_dependent_attributes_: ClassVar[list[str]] = ["module", "criterion"]

    def __init__(
        self,
        module: torch.nn.Module,
        criterion: torch.nn.Module,
        *,
        task_names: list[str],
        streams: RandomStreams,
        weight_decay: float = 0.0,
        precision: Precision = "float32",
        **kwargs: Any,
    ) -> None:
        self.task_names = task_names
        self.streams = streams
        self.weight_decay = weight_decay
        self.precision: Precision = precision
        self.engine_callbacks: list[tuple[str, Callback]] = []
        self.stop_requested_ = False
        self.epochs_done_ = 0
        self._checkpoint: Checkpoint | None = None
        self._trainable: list[torch.nn.Parameter] = []
        self.group: ProcessGroup | None = None
        super().__init__(module, criterion, train_split=None, verbose=0, **kwargs)

    def get_default_callbacks(self) -> list[tuple[str, Callback]]:
        return []

    def _validate_params(self) -> None:
        """skorch checks the names of arguments here; ours are spelled out above."""

    def initialize_optimizer(self, triggered_directly: bool | None = None) -> MultiTaskNet:
        """Weight decay on matrices; none on biases, embeddings or what a layer wants spared."""
        decayed: list[torch.nn.Parameter] = []
        free: list[torch.nn.Parameter] = []
        spared = without_decay(self.module_)
        for name, parameter in self.get_all_learnable_params():
            is_matrix = parameter.dim() >= 2 and ".bias" not in name and "encoder" not in name
            (decayed if is_matrix and parameter not in spared else free).append(parameter)
        groups = [
            {"params": decayed, "weight_decay": self.weight_decay},
            {"params": free, "weight_decay": 0.0},
        ]
        kwargs = self.get_params_for("optimizer")
        groups = [group for group in groups if group["params"]]
        self.optimizer_ = self.optimizer(groups, lr=self.lr, **kwargs)
        return self

    def notify(self, method_name: str, **cb_kwargs: Any) -> None:
        """Tell the engine's callbacks, then the user's.

        skorch's own `EarlyStopping` stops by raising KeyboardInterrupt; raised by a user's
        callback at the end of an epoch, it is taken for that request.
        """
        getattr(self, method_name)(self, **cb_kwargs)
        for _, callback in self.engine_callbacks:
            getattr(callback, method_name)(self, **cb_kwargs)
        try:
            for _, callback in self.callbacks_:
                getattr(callback, method_name)(self, **cb_kwargs)
        except KeyboardInterrupt:
            if method_name != "on_epoch_end":
                raise
            self.stop_requested_ = True

    def train(
        self,
        train: RowData,
        valid: RowData | None,
        *,
        epochs: int,
        engine_callbacks: list[tuple[str, Callback]],
        checkpoint: Checkpoint | None = None,
        group: ProcessGroup | None = None,
    ) -> None:
        """Train for some epochs; an interrupt ends training in order and is passed on.

        With a group, this process trains on its part of every batch, and ends with the same
        weights, history and scores as all others.

        A checkpoint is one of the engine's callbacks, and is also told when all others, the user's
        included, have seen the end of an epoch. It may take up a fit where another process left it.
        """
        self.engine_callbacks = engine_callbacks
        self.stop_requested_, self.epochs_done_, self._checkpoint = False, 0, checkpoint
        self._trainable = [p for p in self.module_.parameters() if p.requires_grad]
        try:
            self._share_with(group)
            self._noise = LentNoise((self.module_, self.criterion_), self.streams.noise, self.share)
            self.notify("on_train_begin", X=train.X, y=train.y)
            try:
                self.fit_loop(train, valid, epochs=epochs)
            finally:
                self.notify("on_train_end", X=train.X, y=train.y)
        finally:
            self._set_training(False)
            if (noise := self.__dict__.pop("_noise", None)) is not None:
                noise.give_back()
            self._share_with(None)
            self.engine_callbacks, self._trainable, self._checkpoint = [], [], None

    def _share_with(self, group: ProcessGroup | None) -> None:
        """Share what follows with a group of processes; None is this process alone."""
        weighting = self.criterion_.weighting
        if isinstance(weighting, GradientWeighting):
            weighting.add_up = None if group is None else group.add_up
        elif group is not None and not weighting.one_backward:
            raise ValueError(
                f"weighting={weighting!r} looks at gradients, of which each of the "
                f"{group.share.size} processes that share this fit has only a part. Derive it from "
                f"GradientWeighting, which adds them up, or fit in one process."
            )
        if group is not None:
            group.take_from_first(self._trainable)
        self.group = group

    def fit_loop(
        self, X: RowData, y: RowData | None = None, epochs: int | None = None, **kwargs: Any
    ) -> MultiTaskNet:
        """Epochs over training rows X, with validation rows y or None."""
        sets = {"dataset_train": X, "dataset_valid": y}
        batches = X.batches(self.batch_size, self.streams.order, self.share)
        epochs = self.max_epochs if epochs is None else epochs
        while self.epochs_done_ < epochs and not self.stop_requested_:
            self.notify("on_epoch_begin", **sets)
            self.criterion_.weighting.on_epoch_begin(len(self.history) - 1)
            self.run_single_epoch(batches, training=True, prefix="train", step_fn=self.train_step)
            self.notify("on_epoch_end", **sets)
            if self.group is not None:
                self.stop_requested_ = self.group.any(self.stop_requested_, self.device)
            self.epochs_done_ += 1
            if self._checkpoint is not None:
                last = self.stop_requested_ or self.epochs_done_ == epochs
                self._checkpoint.after_epoch(self, last=last)
        return self

    def on_epoch_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        self.history.new_epoch()
        self.history.record("epoch", len(self.history))
        self._noise.begin_epoch(len(self.history))

    def on_batch_begin(
        self, net: NeuralNet, batch: Any = None, training: bool = False, **kwargs: Any
    ) -> None:
        self.history.new_batch()

    def run_single_epoch(
        self,
        iterator: Batches,
        training: bool,
        prefix: str,
        step_fn: Callable[..., dict[str, Tensor]],
        **fit_params: Any,
    ) -> None:
        """One pass over the training rows; the losses are read when it is over."""
        start = perf_counter()
        sums: list[Tensor] = []
        total: list[Tensor] = []
        self._set_training(True)
        for batch in iterator:
            self.notify("on_batch_begin", batch=batch, training=training)
            step = step_fn(batch)
            sums.append(torch.stack([step["losses"] * step["weight"], step["weight"]]))
            total.append(step["loss"])
            self.history.record_batch(prefix + "_batch_size", len(batch[1][0]))
            rate = self.optimizer_.param_groups[0]["lr"]
            self.notify("on_batch_end", batch=batch, training=training, **step)
        weighted, weight = torch.stack(sums).sum(0).tolist()
        losses = [a / b if b > 0 else 0.0 for a, b in zip(weighted, weight, strict=True)]
        self.record_loss(prefix + "_loss", float(torch.stack(total).mean()))
        self.history.record(prefix + "_batch_count", len(total))
        self.history.record("lr", rate)
        factors = self.criterion_.weighting.current_weights().to(self.criterion_.task_weights)
        weights = (factors * self.criterion_.task_weights).tolist()
        for name, loss, each in zip(self.task_names, losses, weights, strict=True):
            self.history.record(f"loss/{name}", loss)
            self.history.record(f"weight/{name}", each)
        self.criterion_.weighting.on_epoch_end(losses)
        self.history.record("seconds", perf_counter() - start)

    def record_loss(self, name: str, loss: float) -> None:
        """Write a loss of this epoch, and whether it is the least so far, as skorch's nets do."""
        earlier = [row[name] for row in self.history[:-1] if name in row]
        self.history.record(name, loss)
        self.history.record(f"{name}_best", loss < min(earlier, default=math.inf))

    def train_step(self, batch: Batch, **fit_params: Any) -> dict[str, Tensor]:
        """Forward, backward, one step of the optimiser."""
        self.optimizer_.zero_grad(set_to_none=True)
        features, (labels, weights) = move(batch, torch.device(self.device))
        raw = self.infer(features)
        losses, weight = self._losses(raw, labels, weights)
        penalty = self.plain_module.penalty(raw)
        if self.group is not None and penalty is not None:
            penalty = self.group.whole_penalty(penalty, len(raw))
        loss = self.criterion_.backward(losses, penalty, self._trainable)
        if self.group is not None:
            self.group.add_up_gradients(self._trainable)
        self.notify(
            "on_grad_computed",
            named_parameters=list(self.get_all_learnable_params()),
            batch=batch,
            training=True,
        )
        self.optimizer_.step()
        self.criterion_.weighting.after_step(lambda: self._losses_now(features, labels, weights))
        return {
            "loss": loss.detach(),
            "y_pred": raw.detach(),
            "losses": losses.detach(),
            "weight": weight,
        }

    def _losses(self, raw: Tensor, labels: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Losses and sums of weights, each (task,), of a batch that all processes share."""
        sums, total = self.criterion_.loss_sums(raw, labels, weights)
        if self.group is not None:
            sums, total = self.group.whole_losses(sums, total)
        return weighted_means(sums, total), total

    @torch.no_grad()
    def _losses_now(self, features: Features, labels: Tensor, weights: Tensor) -> Tensor:
        """The weighted losses (task,) of a batch after the step that it was used for."""
        losses, _ = self._losses(self.infer(features), labels, weights)
        now: Tensor = losses * self.criterion_.task_weights
        return now

    @property
    def share(self) -> Share:
        """Which rows of every batch are this process's."""
        return WHOLE if self.group is None else self.group.share

    def infer(self, x: Features, **fit_params: Any) -> Tensor:
        """Features of some rows, each (b, …), to raw outputs (b, n_raw)."""
        return self._run(self.module_, x)

    @property
    def plain_module(self) -> MultiTaskModule:
        """The module, out of the wrapper that `torch.compile` puts around it."""
        module: Any = self.module_
        plain: MultiTaskModule = getattr(module, "_orig_mod", module)
        return plain

    @torch.inference_mode()
    def raw_outputs(
        self,
        features: Mapping[str, Tensor],
        chunk: int | None = None,
        module: torch.nn.Module | None = None,
    ) -> Tensor:
        """Raw outputs (n, n_raw) of any number of rows, in chunks, on the net's device.

        A module given runs in place of the net's own, such as one made of its parts.

        The module runs as it is, compiled or not: compiling is for training, where batches have one
        size, and a net that was unpickled to predict should not compile first.

        A chunk is filled up with zeros to whole vectors of the CPU: the last rows of an odd number
        would go through other instructions, and a prediction must not depend on where its row is.
        """
        if any(each.training for each in self.module_.modules()):
            self._set_training(False)
        module = self.plain_module if module is None else module
        if chunk is None:
            chunk = _CHUNK_CPU if self.device == "cpu" else _CHUNK_GPU
        n_rows = len(next(iter(features.values())))
        parts = []
        for start in range(0, n_rows, chunk):
            size = min(chunk, n_rows - start)
            part = {
                name: filled_up(tensor[start : start + size]).to(self.device)
                for name, tensor in features.items()
            }
            parts.append(self._run(module, part)[:size])
        return torch.cat(parts) if len(parts) > 1 else parts[0]

    def _run(self, module: torch.nn.Module, features: Mapping[str, Tensor]) -> Tensor:
        with autocast(torch.device(self.device), self.precision):
            raw: Tensor = module(**features)
        return raw.float() if raw.dtype == torch.bfloat16 else raw
