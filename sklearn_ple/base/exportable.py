"""`Exportable`: a fitted estimator as a file that other runtimes serve."""

from __future__ import annotations

from pathlib import Path

from sklearn.utils.validation import check_is_fitted
from torch import nn

from sklearn_ple.base.calibratable import Calibratable
from sklearn_ple.export import (
    AffineMap,
    ServingGraph,
    Signature,
    StepMap,
    write_onnx,
    write_torch_export,
)
from sklearn_ple.export.onnx_file import Categories
from sklearn_ple.serving.corrections import Affine, RawMap
from sklearn_ple.tasks import Task


class Exportable(Calibratable):
    """The part of an estimator that writes itself down as one graph."""

    def to_onnx(self, path: str | Path, *, categories: Categories = "codes") -> Signature:
        """Write the whole model as one ONNX graph: raw columns in, predictions out.

        Scales, knots, levels, network, calibration, links and units are all inside, for any number
        of rows. Numbers go in as float64, NaN where missing. Every task has an output of its name:
        probabilities (n, n_classes), or means (n,), as `predict_proba` and `predict` give them.
        A graph raises no error: of a number that `predict` refuses as too large even after scaling
        (with ``numeric_encoding="standard"``) it makes NaN.

        Parameters
        ----------
        path : str or Path
            The file to write. Its signature (names, levels of categories, classes) goes into the
            model's metadata and, as JSON, beside it: "model.onnx" and "model.onnx.json".
        categories : {"codes", "text"}, default="codes"
            How categories go in: as int64, a level's position in the signature's list, or, where
            they are text, as themselves. Categories that are numbers are codes either way.

        Returns
        -------
        Signature
            Its `arrays` turns rows of X into what goes in.

        Raises
        ------
        ImportError
            Without onnx and onnxscript, which ``pip install onnx onnxscript`` brings.
        TypeError
            If a task of your own has predictions that torch can't compute.
        ValueError
            If `categories` is neither word.

        See Also
        --------
        to_torch_export : The same graph for torch.

        Examples
        --------
        >>> import tempfile, onnxruntime
        >>> from sklearn_ple import SharedBottomEstimator, make_related_tasks
        >>> X, Y = make_related_tasks(200, 6, random_state=0)
        >>> model = SharedBottomEstimator(max_epochs=2, random_state=0).fit(X, Y)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     signature = model.to_onnx(f"{folder}/model.onnx")
        ...     session = onnxruntime.InferenceSession(f"{folder}/model.onnx")
        >>> first, second = session.run(None, signature.arrays(X))
        >>> bool(abs(first - model.predict(X)[:, 0]).max() < 1e-5)
        True
        """
        return write_onnx(self._serving_graph(), path, categories=categories)

    def to_torch_export(self, path: str | Path) -> Signature:
        """Write the whole model as one graph of `torch.export`: raw columns in, predictions out.

        It runs wherever torch does, without this package. As in `to_onnx`, numbers go in as
        float64 and categories as int64 codes; the program takes a dict of tensors by name, and
        gives one.

        Parameters
        ----------
        path : str or Path
            The file to write, "model.pt2" by torch's custom. The signature is inside, as the extra
            file "signature.json", and beside it: "model.pt2.json".

        Returns
        -------
        Signature
            Its `arrays` turns rows of X into what goes in.

        Raises
        ------
        TypeError
            If a task of your own has predictions that torch can't compute.

        See Also
        --------
        to_onnx : The same graph for onnxruntime and its kin.

        Examples
        --------
        >>> import tempfile, torch
        >>> from sklearn_ple import SharedBottomEstimator, make_related_tasks
        >>> X, Y = make_related_tasks(200, 6, random_state=0)
        >>> model = SharedBottomEstimator(max_epochs=2, random_state=0).fit(X, Y)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     signature = model.to_torch_export(f"{folder}/model.pt2")
        ...     program = torch.export.load(f"{folder}/model.pt2").module()
        >>> inputs = {name: torch.from_numpy(a) for name, a in signature.arrays(X).items()}
        >>> bool(abs(program(inputs)["y0"].numpy() - model.predict(X)[:, 0]).max() < 1e-5)
        True
        """
        return write_torch_export(self._serving_graph(), path)

    def _serving_graph(self) -> ServingGraph:
        """Everything from columns to predictions as one module, a copy on the CPU."""
        check_is_fitted(self)
        calibration = self._calibration
        maps = {} if calibration is None else calibration.maps
        names = getattr(self, "feature_names_in_", None)
        signature = Signature.of(
            self._features,
            None if names is None else names.tolist(),
            self.tasks_,
            {} if calibration is None else calibration.thresholds,
        )
        modules = {k: _as_module(each, self.tasks_.tasks[k]) for k, each in maps.items()}
        return ServingGraph(self.module_, self.tasks_, signature, modules)


def _as_module(correction: RawMap, task: Task) -> nn.Module:
    if isinstance(correction, Affine):
        return AffineMap(correction.slope, correction.shift)
    return StepMap(task, correction.lines)
