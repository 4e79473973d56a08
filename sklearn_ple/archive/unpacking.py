"""`Unpacker`: JSON and tensors to the values that a `Packer` wrote down."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from sklearn_ple.archive.errors import SavedModelError
from sklearn_ple.archive.families import Family
from sklearn_ple.archive.packing import MARK, Json


class Unpacker:
    """Read what a `Packer` wrote.

    Classes are looked up in the families' closed lists, and a user's own in `custom_objects`;
    nothing is imported, and nothing called but these classes.

    Parameters
    ----------
    families : dict of str to Family
    tensors : dict of str to Tensor
    custom_objects : dict of str to type
    """

    def __init__(
        self,
        families: Mapping[str, Family],
        tensors: Mapping[str, Tensor],
        custom_objects: Mapping[str, Any],
    ) -> None:
        self._families = families
        self._tensors = tensors
        self._custom_objects = custom_objects
        self._made: list[Any] = []

    def unpack(self, written: Json) -> Any:
        """The value that this stands for.

        Raises
        ------
        SavedModelError
            If it stands for nothing known; other errors where it is no work of a `Packer`.
        """
        if isinstance(written, list):
            return [self.unpack(each) for each in written]
        if not isinstance(written, dict):
            return written
        if MARK not in written:
            return {key: self.unpack(each) for key, each in written.items()}
        tag = written[MARK]
        if tag in _READERS:
            return _READERS[tag](self, written)
        if tag in self._families:
            return self._object(self._families[tag], written)
        raise SavedModelError(f"The file holds a value of an unknown kind, {tag!r}.")

    def _float(self, written: Json) -> float:
        return float(written["of"])

    def _scalar(self, written: Json) -> np.generic:
        return _dtype(written["dtype"], "biufU").type(self.unpack(written["of"]))

    def _bytes(self, written: Json) -> bytes:
        return base64.b64decode(written["of"], validate=True)

    def _tuple(self, written: Json) -> tuple[Any, ...]:
        return tuple(self.unpack(written["of"]))

    def _floats(self, written: Json) -> tuple[float, ...]:
        return tuple(self._tensors[written["of"]].tolist())

    def _dict(self, written: Json) -> dict[Any, Any]:
        return {self.unpack(key): self.unpack(each) for key, each in written["of"]}

    def _array(self, written: Json) -> NDArray:
        return self._tensor(written).numpy()

    def _tensor(self, written: Json) -> Tensor:
        return self._tensors[written["of"]].clone()

    def _objects(self, written: Json) -> NDArray:
        values, dtype = self.unpack(written["of"]), _dtype(written["dtype"], "OU")
        if dtype.kind == "U":
            return np.array(values, dtype=dtype).reshape(written["shape"])
        array = np.empty(len(values), dtype=object)
        for i, value in enumerate(values):  # NumPy would take lists among them for rows
            array[i] = value
        return array.reshape(written["shape"])

    def _again(self, written: Json) -> Any:
        return self._made[written["of"]]

    def _object(self, family: Family, written: Json) -> Any:
        cls = family.find(
            written["class"], custom=written["custom"], custom_objects=self._custom_objects
        )
        made = family.make(cls, self.unpack(written["of"]))
        self._made.append(made)
        return made


_READERS: dict[str, Callable[[Unpacker, Json], Any]] = {
    "float": Unpacker._float,
    "scalar": Unpacker._scalar,
    "bytes": Unpacker._bytes,
    "tuple": Unpacker._tuple,
    "floats": Unpacker._floats,
    "dict": Unpacker._dict,
    "array": Unpacker._array,
    "tensor": Unpacker._tensor,
    "objects": Unpacker._objects,
    "again": Unpacker._again,
}


def _dtype(name: str, kinds: str) -> np.dtype[Any]:
    dtype = np.dtype(name)
    if dtype.kind not in kinds:
        raise SavedModelError(f"The file holds values of dtype {name!r}.")
    return dtype
