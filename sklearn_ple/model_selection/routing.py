"""Who gets which metadata where there is no meta-estimator to say so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn import get_config
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

Params = Mapping[str, Any]


def route_params(
    estimator: Any, cv: Any, params: Params, groups: Any = None
) -> tuple[Params, Params]:
    """What `fit` gets, and what the splitter gets.

    Parameters
    ----------
    estimator, cv
        Who may ask for metadata.
    params : dict
        For `fit`; with metadata routing, for whoever asks for it.
    groups : array-like or None
        For the splitter, in any case.

    Raises
    ------
    UnsetMetadataPassedError
        With metadata routing, if nobody said whether they want one of them.
    """
    split: dict[str, Any] = {} if groups is None else {"groups": groups}
    if not get_config()["enable_metadata_routing"]:
        return params, split
    to_split = MethodMapping().add(caller="fit", callee="split")
    to_fit = MethodMapping().add(caller="fit", callee="fit")
    router = MetadataRouter(owner="out-of-fold prediction").add(
        splitter=cv, method_mapping=to_split
    )
    router.add(estimator=estimator, method_mapping=to_fit)
    routed = process_routing(router, "fit", **params)
    return routed.estimator.fit, {**routed.splitter.split, **split}
