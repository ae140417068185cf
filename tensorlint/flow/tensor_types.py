"""The types of tensors that torch had before dtypes and devices: ``torch.cuda.LongTensor``, as a class or as text."""

from __future__ import annotations

from tensorlint.flow.values import Constant, External, Value

__all__ = ["tensor_type"]

DTYPES = {
    "FloatTensor": "float32",
    "DoubleTensor": "float64",
    "HalfTensor": "float16",
    "BFloat16Tensor": "bfloat16",
    "ByteTensor": "uint8",
    "CharTensor": "int8",
    "ShortTensor": "int16",
    "IntTensor": "int32",
    "LongTensor": "int64",
    "BoolTensor": "bool",
}


def tensor_type(value: Value | None) -> tuple[str, bool] | None:
    """The dtype of such a type, and whether it is one of the GPU; None for anything else."""
    name = value.name if isinstance(value, External) else value.value if isinstance(value, Constant) else None
    if not isinstance(name, str) or not name.startswith("torch."):
        return None
    dtype = DTYPES.get(name.rpartition(".")[2])
    return None if dtype is None else (dtype, name.startswith("torch.cuda."))
