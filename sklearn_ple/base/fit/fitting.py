"""`Fitting`: one run of `fit` or `partial_fit`, from checked rows to fitted attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from sklearn.utils import check_random_state

from sklearn_ple.base.fit.building import build_net
from sklearn_ple.base.fit.checkpointing import Checkpoints
from sklearn_ple.base.fit.engine_callbacks import EngineCallbacks
from sklearn_ple.base.fit.fitted import set_fitted
from sklearn_ple.base.fit.going_on import take_up
from sklearn_ple.base.fit.identity import identity
from sklearn_ple.base.fit.inputs import resolve_categorical
from sklearn_ple.base.fit.material import Material
from sklearn_ple.base.fit.memory_rows import MemoryRows
from sklearn_ple.base.fit.pilot import holds_out, pilot_of, wants_pilot
from sklearn_ple.base.fit.rows import Rows
from sklearn_ple.base.fit.sizing import Sizes, resolve_sizes
from sklearn_ple.features import Columns
from sklearn_ple.tasks import Task
from sklearn_ple.training import (
    DivergenceError,
    MultiTaskNet,
    ProcessGroup,
    RandomStreams,
    own_device,
    resolve_device,
    shared_random_state,
)

if TYPE_CHECKING:
    from sklearn_ple.base.estimator import MultiTaskEstimator


class Fitting:
    """Fit an estimator to a material.

    Parameters
    ----------
    estimator : MultiTaskEstimator
    again : bool
        Whether to go on from its fitted state.
    classes : array-like or list or None
        Labels declared by `partial_fit`.
    single_epoch : bool
        One epoch, constant learning rate, no validation.
    checkpoints : Checkpoints or None
    group : ProcessGroup or None
        The processes that share this fit; None is this one alone.

    Attributes
    ----------
    params : dict
        The estimator's parameters, as this fit takes them.
    kinds : list of Task
        Not fitted; empty where the fit goes on.
    random_state : RandomState
    """

    def __init__(
        self,
        estimator: MultiTaskEstimator,
        *,
        again: bool,
        classes: Any = None,
        single_epoch: bool = False,
        checkpoints: Checkpoints | None = None,
        group: ProcessGroup | None = None,
    ) -> None:
        self.estimator = estimator
        self.params: dict[str, Any] = estimator.get_params(deep=False)
        self.again = again
        self.classes = classes
        self.single_epoch = single_epoch
        self.checkpoints = checkpoints
        self.kinds: list[Task] = []
        self.group = group
        given = self.params["random_state"]
        self.random_state = (
            check_random_state(given) if group is None else shared_random_state(given, group)
        )

    def run(self, material: Material) -> None:
        """Settle what is learned, build or take up again, train, and set the fitted attributes."""
        wanted = self.params["device"] if self.group is None else own_device(self.params["device"])
        device = resolve_device(wanted, self.params["precision"])
        self._identify(material, device)
        material.settle()
        sizes = self._sizes(material)
        net = self._net(material, sizes, device)
        self._train(material, net, sizes)

    def holds_out(self, n_rows: int) -> bool:
        """Whether some of so many rows are held out to stop by."""
        return holds_out(self.params, n_rows) and not self.single_epoch

    def wants_pilot(self, n_rows: int) -> bool:
        """Whether a pilot run is to find the number of epochs, as there are but so many rows."""
        anew = not self.again and not self.single_epoch
        return anew and wants_pilot(self.params, n_rows)

    def pilot(self, rows: Rows) -> None:
        """Set the number of epochs by a run on a part of the rows, where there are but few."""
        if not self.wants_pilot(len(rows.weight)):
            return
        pilot = pilot_of(self.estimator, self.kinds, rows.targets.names, self.random_state)
        if self.checkpoints is not None and self.checkpoints.pilot_epochs is not None:
            self.params["max_epochs"] = self.checkpoints.pilot_epochs
            return
        fitting = Fitting(pilot, again=False, classes=self.classes, group=self.group)
        try:
            fitting.run(MemoryRows(fitting, rows, None))
        except DivergenceError:
            self._forget()
            raise
        self.params["max_epochs"] = pilot.best_epoch_
        if self.checkpoints is not None:
            self.checkpoints.pilot_epochs = pilot.best_epoch_

    def categorical(self, columns: Columns) -> list[int]:
        """Positions of the categorical columns; those of the last fit where this goes on."""
        if self.again:
            return self.estimator._features.categorical
        return resolve_categorical(self.params["categorical_features"], columns)

    def _identify(self, material: Material, device: torch.device) -> None:
        """Refuse checkpoints of another fit, draw again what the one to be resumed has drawn.

        And refuse processes that were given something else than the others.
        """
        if self.checkpoints is None and self.group is None:
            return
        this = identity(self.estimator, material.fingerprint(), device=device, again=self.again)
        if self.group is not None:
            self.group.require_same(this)
        if self.checkpoints is not None:
            self.random_state = self.checkpoints.belong_to(
                this, self.random_state, self.params["random_state"]
            )

    def _sizes(self, material: Material) -> Sizes:
        n_features = len(material.columns.labels)
        return resolve_sizes(
            self.params,
            n_rows=material.n_rows,
            n_features=n_features,
            n_numeric=n_features - len(self.categorical(material.columns)),
            stops_early=material.holds_out,
        )

    def _net(self, material: Material, sizes: Sizes, device: torch.device) -> MultiTaskNet:
        if self.again:
            return take_up(
                self.estimator, material, sizes, device=device, random_state=self.random_state
            )
        return build_net(
            self.estimator,
            material,
            sizes,
            categorical=self.categorical(material.columns),
            streams=RandomStreams(self.random_state, device),
            device=device,
        )

    def _train(self, material: Material, net: MultiTaskNet, sizes: Sizes) -> None:
        epochs = 1 if self.single_epoch else sizes.max_epochs
        done = len(net.history)
        train, valid = material.train(net), material.valid(net)
        callbacks = EngineCallbacks(self, net, sizes, epochs=epochs, n_rows=len(train))
        interrupted = None
        try:
            net.train(
                train,
                valid,
                epochs=epochs,
                engine_callbacks=callbacks.named,
                checkpoint=callbacks.checkpoint,
                group=self.group,
            )
        except KeyboardInterrupt as interrupt:
            interrupted = interrupt
        except DivergenceError:
            self._forget()
            raise
        earlier = self.estimator.target_summary_ if self.again and self.single_epoch else None
        set_fitted(
            self.estimator,
            net,
            material.task_set,
            is_1d=material.is_1d,
            summary=material.summary(earlier),
            best_epoch=callbacks.best.best_epoch_ or max(len(net.history), done),
        )
        callbacks.end(self.estimator)
        if interrupted is not None:
            raise interrupted

    def _forget(self) -> None:
        """No model is left, not even of an earlier fit."""
        if hasattr(self.estimator, "net_"):
            del self.estimator.net_
