"""Who gets which metadata in a search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn import get_config
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

Params = Mapping[str, Any]


def search_router(search: Any, estimator: Any, scorer: Any, cv: Any) -> MetadataRouter:
    """Fitting and scoring pass metadata on as scikit-learn's searches do."""
    to_fit = MethodMapping().add(caller="fit", callee="fit")
    to_split = MethodMapping().add(caller="fit", callee="split")
    to_score = MethodMapping().add(caller="score", callee="score")
    to_score = to_score.add(caller="fit", callee="score")
    router = MetadataRouter(owner=search).add(estimator=estimator, method_mapping=to_fit)
    router.add(scorer=scorer, method_mapping=to_score)
    return router.add(splitter=cv, method_mapping=to_split)


def route_search(
    search: Any, params: Params, *, takes_weights: bool
) -> tuple[Params, Params, Params]:
    """What `fit`, scorers and splitter get.

    Parameters
    ----------
    search : estimator
        With a router of its own.
    params : dict
        What its `fit` was given.
    takes_weights : bool
        Whether weights make a difference to the scorers. Without metadata routing they get those
        of `fit`.
    """
    if get_config()["enable_metadata_routing"]:
        routed = process_routing(search, "fit", **params)
        return routed.estimator.fit, routed.scorer.score, routed.splitter.split
    to_fit = {name: value for name, value in params.items() if name != "groups"}
    weight = to_fit.get("sample_weight")
    to_score = {"sample_weight": weight} if weight is not None and takes_weights else {}
    return to_fit, to_score, {"groups": params.get("groups")}
