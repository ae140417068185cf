"""TSL207 read-only-array."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence
from tensorlint.flow.events import Event, ToTorch
from tensorlint.flow.facts import Truth
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import evidence

__all__ = ["ReadOnlyArray"]


class ReadOnlyArray(Rule):
    """A tensor is made of an array that is not writable.

    What it does
    ------------
    Finds read-only arrays that `torch.from_numpy`, `as_tensor`, `asarray`, `torch.Tensor` and its kin, a collate
    function or the index of a tensor are given: `np.frombuffer` of bytes, `np.asarray` of a PIL image, `.values` and
    `.to_numpy()` of a pandas column, `np.broadcast_to`, `np.diagonal`, `sliding_window_view`, a memmap in mode "r",
    arrays whose `flags.writeable` was set to False.

    Why is this bad?
    ----------------
    There are no read-only tensors. The tensor lives in memory that NumPy protects, and an in-place operation on it
    writes there all the same: into bytes that Python takes for constant, into every place of a broadcast array at once,
    or into the pages of a file that is mapped for reading, which ends the process. torch warns, but only once in a
    process: "The given NumPy array is not writable, and PyTorch does not support non-writable tensors."

    Example
    -------
    An image, as it is often loaded:

        import numpy as np
        import torch
        from PIL import Image

        image = Image.new("L", (4, 4))
        pixels = torch.from_numpy(np.asarray(image))

    Bytes:

        import numpy as np
        import torch

        header = b"\\x01\\x02\\x03\\x04"
        values = torch.as_tensor(np.frombuffer(header, dtype=np.uint8))

    Use instead
    -----------
    Copy: `np.array` does, and `.copy()` does:

        import numpy as np
        import torch
        from PIL import Image

        image = Image.new("L", (4, 4))
        pixels = torch.from_numpy(np.array(image))

    Or convert the dtype in NumPy, which makes an array of its own:

        import numpy as np
        import torch

        header = b"\\x01\\x02\\x03\\x04"
        values = torch.as_tensor(np.frombuffer(header, dtype=np.uint8).astype(np.float32))

    Known limits
    ------------
    `torch.tensor` copies, and is silent. What `.read()` and `.recv()` give is taken for bytes where `np.frombuffer` is
    given it, and so is an argument that is sliced, or given to `struct.unpack`, `zlib.crc32` and the like; of an
    argument of which nothing is known nothing is said.
    The arrays of pandas are read-only from pandas 3 on; of a DataFrame it depends on how its columns came to be, and
    nothing is said. A warning that is filtered is reported all the same.

    Fix safety
    ----------
    Safe where the array is read-only on every path. Unsafe for a mapped file, which the copy reads as a whole; for a
    view of another array, whose later changes no longer reach the tensor; and where the array may be writable.

    Observed
    --------
    torch 2.13, NumPy 2.4, Pillow 13, pandas 3.1: `from_numpy`, `as_tensor` (with `dtype=` too), `asarray`, `Tensor`,
    `FloatTensor`, `default_collate`, `default_convert` and `t[index]` warn of a read-only array; `tensor`,
    `asarray(copy=True)` and `from_dlpack` do not. `.astype()`, `np.array` and `.copy()` give writable arrays,
    `np.asarray`, `reshape` and slices do not.
    """

    code = "TSL207"
    name = "read-only-array"
    events = (ToTorch,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.copies import writable_copy  # here: pages need no parser

        assert isinstance(event, ToTorch)
        fact = event.array.read_only
        if not event.warns or not fact.holds or event.array.negative_stride.truth is Truth.YES:
            return
        certain = fact.truth is Truth.YES and event.always
        subject = f"`{event.operand_name}` {'is' if certain else 'may be'}"
        if event.by == "default_collate":
            subject = f"arrays in `{event.operand_name}` {'are' if certain else 'may be'}"
        yield Verdict(
            event.place,
            f"{subject} read-only: `{event.by}` warns, since nothing keeps a tensor from being written to",
            Confidence.CERTAIN if certain else Confidence.LIKELY,
            evidence(event, fact.reason),
            writable_copy(event),
        )
