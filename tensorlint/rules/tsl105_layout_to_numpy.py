"""TSL105 layout-to-numpy."""

from __future__ import annotations

from collections.abc import Iterator

from tensorlint.finding import Confidence
from tensorlint.flow.events import Conversion, Event
from tensorlint.rules.base import Rule, Verdict
from tensorlint.rules.judging import converter, evidence, form_confidence, subject

__all__ = ["LayoutToNumpy"]


class LayoutToNumpy(Rule):
    """A sparse, mkldnn or nested tensor is converted to NumPy, which raises.

    What it does
    ------------
    Finds conversions, explicit or implicit, of tensors that are not in strided memory: `.to_sparse()` and its kin,
    `torch.sparse_coo_tensor(...)`, `.to_mkldnn()`, `torch.nested.nested_tensor(...)`, and what keeps their layout.

    Why is this bad?
    ----------------
    An array is a block of memory with strides, and such a tensor has none: "TypeError: can't convert Sparse layout
    tensor to numpy. Use Tensor.to_dense() first." `detach()`, `cpu()` and `numpy(force=True)` do not help.

    Example
    -------
    An adjacency matrix:

        import torch

        adjacency = torch.eye(4).to_sparse()
        print(adjacency.cpu().numpy())

    Implicitly, and after an operation that keeps the layout:

        import numpy as np
        import torch

        weights = torch.eye(4).to_sparse_csr() * 0.5
        print(np.isnan(weights))

    Use instead
    -----------
    Make it dense first:

        import torch

        adjacency = torch.eye(4).to_sparse()
        print(adjacency.cpu().to_dense().numpy())

    Or convert the parts that it is made of:

        import torch

        adjacency = torch.eye(4).to_sparse().coalesce()
        print(adjacency.indices().numpy(), adjacency.values().numpy())

    Known limits
    ------------
    What an operation on a sparse tensor and another tensor gives is not known. A layout that a setting or an argument
    decides is not known.

    Fix safety
    ----------
    Unsafe: a dense copy may not fit into memory. A nested tensor has no fix, since what it is padded with is for the
    author to say.

    Observed
    --------
    torch 2.13, NumPy 2.4: `.numpy()`, `.numpy(force=True)`, `np.asarray(t)`, `np.exp(t)` and `np.array([t, t])` raise
    "TypeError: can't convert Sparse layout tensor to numpy" (`SparseCsr`, `SparseCsc`, `SparseBsr`, `SparseBsc`,
    `Mkldnn`); for a nested tensor they raise a RuntimeError. `np.from_dlpack(t)` raises a BufferError.
    """

    code = "TSL105"
    name = "layout-to-numpy"
    events = (Conversion,)

    def judge(self, event: Event) -> Iterator[Verdict]:
        from tensorlint.fixes.links import with_link  # here: pages need no parser

        assert isinstance(event, Conversion)
        fact, name = event.tensor.form.layout, event.tensor.form.layout_name
        confidence = form_confidence(fact, event)
        if confidence is None:
            return
        repair = None
        if name in ("sparse", "mkldnn"):
            repair = with_link(event, ".to_dense()", "a dense copy takes the memory that the layout saves")
        yield Verdict(event.place, _message(event, confidence, name), confidence, evidence(event, fact.reason), repair)


def _message(event: Conversion, confidence: Confidence, name: str) -> str:
    error = f"TypeError: can't convert {name.capitalize() or 'Sparse'} layout tensor to numpy"
    if name == "nested":
        error = "RuntimeError, as its parts have no common shape"
    if event.by.endswith("from_dlpack"):
        error = "BufferError: Can't export tensors with layout other than torch.strided"
    layout = f"{name or 'not strided'}: " if confidence is Confidence.CERTAIN else f"{name or 'not strided'}: then "
    if confidence is Confidence.CERTAIN:
        return f"{subject(event, 'is', 'are')} {layout}{converter(event)} raises {error}"
    return f"{subject(event, 'may be', 'may be')} {layout}{converter(event)} raises {error}"
