"""A saved model where it answers: without scikit-learn, without the engine that trained it."""

from sklearn_ple.serving.predictor import Predictor

__all__ = ["Predictor"]
