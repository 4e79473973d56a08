"""`Calibratable`: raw outputs as they were trained, or as held-out rows correct them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import torch
from sklearn.utils.validation import check_is_fitted

from sklearn_ple.base.answers.calibration import Calibration, learn_calibration
from sklearn_ple.base.answers.calibration_thresholds import ThresholdChoice
from sklearn_ple.base.answers.gathering import RowParts
from sklearn_ple.base.reader import Reader
from sklearn_ple.nn import MultiTaskModule


class Calibratable(Reader):
    """The part of an estimator that can be corrected after `fit`."""

    calibration_: Calibration

    def calibrate(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        method: str | Mapping[str, str | None] | None = "auto",
        thresholds: ThresholdChoice | Mapping[str, ThresholdChoice] | None = None,
    ) -> Self:
        """Correct predictions by held-out rows, from now on and until the next fit.

        `predict_proba`, `predict`, `predict_frame`, `score` and views all use the correction, which
        `calibration_` shows. Calling this again starts from the model as it was fitted;
        ``method=None`` alone takes the correction back.

        Where outputs are coupled, as in ESMM, each step is corrected and the products of steps
        follow, judged by the labels of all coupled tasks: what happens later never gets likelier
        than what it needs.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, n_features)
            Rows that `fit` has not seen; a model is surest of those that it was trained on.
        y : array-like or DataFrame of shape (n_samples,) or (n_samples, n_outputs)
            NaN labels are left out.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Only their ratios within a task matter.
        method : str, dict of str to str, or None, default="auto"
            For classifications "temperature" (one divisor of the log-odds, which keeps the most
            probable class), "sigmoid" (that and a shift per class: Platt's scaling of two classes,
            bias-corrected temperature scaling of more) or "isotonic" (any nondecreasing steps, a
            class against the rest, for a thousand labels and more). For others "linear": a slope
            and a shift of the value, of a count's logarithm. "auto" is "sigmoid" for
            classifications and nothing for others, which the scores of their training already ask
            to be right on average. A word that some tasks can't take leaves those alone; a dict
            leaves alone the tasks it does not name.
        thresholds : str, float, callable, dict of these by task name, or None, default=None
            From what probability on `predict` says a binary task's second class: a number, or the
            one that is best by a metric of labels on these rows, calibrated: the name of a scorer
            of scikit-learn's ("f1", "balanced_accuracy"; the second class is the positive one) or
            `metric(y_true, y_pred)` of codes 0 and 1, with `sample_weight` too where weights are
            given. None takes the more probable class. A single metric or number is for all binary
            tasks.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a method or a threshold does not fit its task, a task to be calibrated has no label
            here or one class only, or "isotonic" is asked for where outputs are coupled.

        References
        ----------
        Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, for
        temperatures. Alexandari, Kundaje and Shrikumar, "Maximum Likelihood with Bias-Corrected
        Calibration is Hard-To-Beat at Label Shift Adaptation", ICML 2020, for shifts.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_ple import SharedBottomEstimator
        >>> rng = np.random.default_rng(0)
        >>> X = rng.normal(size=(400, 3))
        >>> y = np.column_stack([X[:, 0] + rng.normal(size=400) > 1, X[:, 1]])
        >>> model = SharedBottomEstimator(max_epochs=2, random_state=0).fit(X[:200], y[:200])
        >>> model = model.calibrate(X[200:], y[200:], thresholds="f1")
        >>> model.calibration_.table["method"].to_dict()
        {'y0': 'sigmoid', 'y1': 'none'}
        """
        check_is_fitted(self)
        self.calibration_ = learn_calibration(self, X, y, sample_weight, method, thresholds)
        return self

    @property
    def _calibration(self) -> Calibration | None:
        """What `calibrate` left; None before, and after the next fit."""
        return getattr(self, "calibration_", None)

    def _raw(self, X: Any) -> torch.Tensor:
        """Raw outputs (n, n_raw) on the CPU, calibrated where `calibrate` was called."""
        return self._raw_parts(X).whole()

    def _raw_parts(self, X: Any, progress: bool = False) -> RowParts:
        """The same, chunk by chunk."""
        check_is_fitted(self)
        calibration = self._calibration
        if calibration is None:
            return self._outputs(X, self.module_, progress)
        return self._outputs(X, self._uncoupled, progress).map(calibration.apply)

    def _towers(self, X: Any) -> torch.Tensor:
        """Outputs of the towers (n, n_raw), before coupling and calibration, on the CPU."""
        check_is_fitted(self)
        return self._outputs(X, self._uncoupled).whole()

    @property
    def _uncoupled(self) -> MultiTaskModule:
        whole = self.module_
        return MultiTaskModule(whole.encoder, whole.routing, whole.towers)
