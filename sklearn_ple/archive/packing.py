"""`Packer`: values to JSON, with tensors and arrays put aside."""

from __future__ import annotations

import base64
import math
import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sklearn_ple.archive.errors import SavedModelError
from sklearn_ple.archive.families import Family

Json = Any
MARK = "$"  # the key of a JSON object that stands for something else
MANY_FLOATS = 32


class Packer:
    """Write values down so that `Unpacker` gives back equal ones of the same types.

    None, booleans, numbers, text, bytes, lists, tuples, dicts, NumPy's scalars and arrays, tensors,
    and objects of some families. An object that occurs twice is written once and is one again.
    Columns of other makes, such as pandas', become NumPy's arrays.

    Parameters
    ----------
    families : dict of str to Family

    Attributes
    ----------
    tensors : dict of str to Tensor
        What was put aside, on the CPU.
    custom : set of str
        Names of classes that are a user's own.
    """

    def __init__(self, families: Mapping[str, Family]) -> None:
        self.tensors: dict[str, Tensor] = {}
        self.custom: set[str] = set()
        self._families = families
        self._met: dict[int, tuple[int, Any]] = {}  # with the object, so that its id stays its own

    def pack(self, value: Any, where: str) -> Json:
        """One value as JSON.

        Parameters
        ----------
        value : object
        where : str
            What it is called in an error.

        Raises
        ------
        SavedModelError
            If it can't be kept; the message says where and why.
        """
        if value is None or type(value) in (bool, int, str):
            return value
        for kind, write in _WRITERS.items():
            if isinstance(value, kind):
                return write(self, value, where)
        return self._object(value, where)

    def _float(self, value: float, where: str) -> Json:
        return value if math.isfinite(value) else {MARK: "float", "of": repr(value)}

    def _scalar(self, value: np.generic, where: str) -> Json:
        if not (value.dtype.kind == "U" or _is_number(value.dtype)):
            raise _refused(value, where)
        return {MARK: "scalar", "dtype": value.dtype.str, "of": self.pack(value.item(), where)}

    def _bytes(self, value: bytes, where: str) -> Json:
        return {MARK: "bytes", "of": base64.b64encode(value).decode("ascii")}

    def _path(self, value: os.PathLike[str], where: str) -> Json:
        return str(os.fspath(value))

    def _list(self, value: list[Any], where: str) -> Json:
        return [self.pack(each, f"{where}[{i}]") for i, each in enumerate(value)]

    def _tuple(self, value: tuple[Any, ...], where: str) -> Json:
        if len(value) > MANY_FLOATS and all(type(each) is float for each in value):
            return {MARK: "floats", "of": self._put(torch.tensor(value, dtype=torch.float64))}
        return {MARK: "tuple", "of": self._list(list(value), where)}

    def _mapping(self, value: Mapping[Any, Any], where: str) -> Json:
        if all(type(key) is str for key in value) and MARK not in value:
            return {key: self.pack(each, f"{where}[{key!r}]") for key, each in value.items()}
        pairs = [
            [self.pack(key, f"a key of {where}"), self.pack(each, f"{where}[{key!r}]")]
            for key, each in value.items()
        ]
        return {MARK: "dict", "of": pairs}

    def _array(self, value: NDArray, where: str) -> Json:
        if value.dtype.kind in "OU":
            dtype = "O" if value.dtype.kind == "O" else value.dtype.newbyteorder("<").str
            flat = self._list(value.ravel().tolist(), where)
            return {MARK: "objects", "dtype": dtype, "shape": list(value.shape), "of": flat}
        if not _is_number(value.dtype):
            raise _refused(value, where)
        native = np.array(value, dtype=value.dtype.newbyteorder("="), order="C")
        return {MARK: "array", "of": self._put(torch.from_numpy(native))}

    def _tensor(self, value: Tensor, where: str) -> Json:
        return {MARK: "tensor", "of": self._put(value)}

    def _put(self, tensor: Tensor) -> str:
        name = str(len(self.tensors))
        # A copy: safetensors takes no two that share memory, as tied weights do.
        self.tensors[name] = tensor.detach().cpu().contiguous().clone()
        return name

    def _object(self, value: Any, where: str) -> Json:
        if id(value) in self._met:
            return {MARK: "again", "of": self._met[id(value)][0]}
        tag = next((tag for tag, each in self._families.items() if each.holds(value)), None)
        if tag is None and hasattr(type(value), "__array__"):
            return self._array(np.asarray(value), where)
        if tag is None:
            raise _refused(value, where)
        family = self._families[tag]
        cls = family.class_of(value)
        custom = family.known.get(cls.__name__) is not cls
        if custom:
            self.custom.add(cls.__name__)
        state = None if family.state is None else family.state(value)
        packed = self.pack(state, f"{where} ({cls.__name__})")
        self._met[id(value)] = len(self._met), value
        return {MARK: tag, "class": cls.__name__, "custom": custom, "of": packed}


_WRITERS: dict[type, Callable[[Packer, Any, str], Json]] = {
    np.generic: Packer._scalar,  # before float, which NumPy's float64 is as well
    float: Packer._float,
    bytes: Packer._bytes,
    os.PathLike: Packer._path,
    list: Packer._list,
    tuple: Packer._tuple,
    Mapping: Packer._mapping,
    np.ndarray: Packer._array,
    Tensor: Packer._tensor,
}


def _is_number(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "biuf" and dtype.itemsize <= 8  # and no extended precision


def _refused(value: Any, where: str) -> SavedModelError:
    kind = f"array of {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
    return SavedModelError(
        f"{where} holds a value of type {kind}, which a saved model can't keep: give numbers, "
        f"text, and lists, tuples, dicts or arrays of them."
    )
