"""What is known exactly about synthetic related tasks, with no label drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def label_correlation(
    correlation: float,
    alpha: ArrayLike,
    beta: ArrayLike,
    *,
    scale: float = 1.0,
    noise: float = 0.1,
) -> float:
    """Exact Pearson correlation of two related tasks' labels.

    With S and T standard normal of correlation p, times the scale c, the labels are

        S + sum_i sin(alpha_i S + beta_i) + noise,  T + sum_i sin(alpha_i T + beta_i) + noise.

    Their covariance C(p) has a closed form, by Stein's lemma for the products of a line and a
    sine, and by the normal characteristic function for the products of two sines; the
    correlation is C(p) / (C(1) + noise^2). For p >= 0 it lies between 0 and p.

    Parameters
    ----------
    correlation : float
        The cosine p of the tasks' directions, in [-1, 1]. The papers call this "correlation".
    alpha, beta : array-like of shape (n_sines,)
        Frequencies and phases of the sines, the same for both tasks.
    scale : float, default=1.0
        The length c of the tasks' weights.
    noise : float, default=0.1
        Standard deviation of the noise, drawn for each task apart.

    Returns
    -------
    float
        The Pearson correlation.

    Raises
    ------
    ValueError
        If `correlation` is outside [-1, 1], or `alpha` and `beta` are not one-dimensional and of
        one length.

    References
    ----------
    Ma et al., "Modeling Task Relationships in Multi-task Learning with Multi-gate
    Mixture-of-Experts", KDD 2018, section 3, defines the labels. The closed form is derived here.

    Examples
    --------
    >>> from sklearn_ple.datasets import label_correlation
    >>> label_correlation(0.5, alpha=[], beta=[], noise=0.0)
    0.5
    >>> round(label_correlation(0.5, alpha=[3.0], beta=[0.0], noise=0.0), 3)
    0.344
    """
    alphas, betas = np.asarray(alpha, dtype=float), np.asarray(beta, dtype=float)
    if not -1 <= correlation <= 1:
        raise ValueError(f"correlation must be in [-1, 1], but is {correlation}.")
    if alphas.ndim != 1 or alphas.shape != betas.shape:
        raise ValueError(
            f"alpha and beta must be one-dimensional and of one length, but have the shapes "
            f"{alphas.shape} and {betas.shape}."
        )
    variance = _covariance(1.0, alphas, betas, scale) + noise**2
    return _covariance(correlation, alphas, betas, scale) / variance


def _covariance(p: float, alpha: Floats, beta: Floats, scale: float) -> float:
    """C(p), the covariance of two tasks' labels without their noise."""
    c2 = scale**2
    damping = np.exp(-(alpha**2) * c2 / 2)
    line_sine = p * c2 * alpha * damping * np.cos(beta)
    means = damping * np.sin(beta)
    squares = alpha[:, None] ** 2 + alpha**2
    cross = 2 * p * alpha[:, None] * alpha
    difference = np.exp(-c2 * (squares - cross) / 2) * np.cos(beta[:, None] - beta)
    total = np.exp(-c2 * (squares + cross) / 2) * np.cos(beta[:, None] + beta)
    sine_sine = (difference - total) / 2 - means[:, None] * means
    return float(p * c2 + 2 * line_sine.sum() + sine_sine.sum())


@dataclass(frozen=True, eq=False)
class RelatedTasks:
    """The law behind a draw of :func:`make_related_tasks`.

    It describes the numbers before a label is made binary, multiclass or a count of them.

    Parameters
    ----------
    weights : ndarray of shape (n_tasks, n_features)
        Each task's direction times the scale.
    alpha, beta : ndarray of shape (n_sines,)
        Frequencies and phases, shared by all tasks.
    correlation : float
        The cosine between any two tasks' weights.
    scale : float
        The length of every task's weights.
    noise : float
        Standard deviation of the noise.

    Examples
    --------
    >>> from sklearn_ple.datasets import make_related_tasks
    >>> X, Y, oracle = make_related_tasks(50, 8, return_oracle=True, random_state=0)
    >>> bool(abs(Y - oracle.signal(X)).max() < 0.5)
    True
    """

    weights: Floats
    alpha: Floats
    beta: Floats
    correlation: float
    scale: float
    noise: float

    def signal(self, X: ArrayLike) -> Floats:
        """Give the labels without noise, the best prediction there is.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks)
            One column for each task.
        """
        line = np.asarray(X, dtype=float) @ self.weights.T
        signal = line.copy()
        for frequency, phase in zip(self.alpha, self.beta, strict=True):
            signal += np.sin(frequency * line + phase)
        return signal

    def label_correlation(self) -> float:
        """Exact Pearson correlation of any two tasks' labels; see :func:`label_correlation`."""
        return label_correlation(
            self.correlation, self.alpha, self.beta, scale=self.scale, noise=self.noise
        )

    def label_mean(self) -> float:
        """Exact mean of every task's labels."""
        damping = np.exp(-((self.alpha * self.scale) ** 2) / 2)
        return float(damping @ np.sin(self.beta))

    def label_variance(self) -> float:
        """Exact variance of every task's labels; the share ``noise ** 2`` cannot be learnt."""
        return _covariance(1.0, self.alpha, self.beta, self.scale) + self.noise**2
