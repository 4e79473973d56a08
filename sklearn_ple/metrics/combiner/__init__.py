"""Many predictions, one ranking: equation 1 of the PLE paper."""

from sklearn_ple.metrics.combiner.score_combiner import ScoreCombiner

__all__ = ["ScoreCombiner"]
