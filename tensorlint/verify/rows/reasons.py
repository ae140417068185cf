"""Why rows are not checked."""

from __future__ import annotations

from tensorlint.library.row import Row
from tensorlint.verify.rows.resolving import resolve

__all__ = ["KNOWN", "reason"]

KNOWN = {
    "numpy.float64": "converts arrays, but takes a 0-d tensor through __float__, which is its common use",
    "numpy.double": "is numpy.float64",
    "numpy.ndarray.flat": "an iterator, which reads and writes as the array does",
    **dict.fromkeys(
        ("pandas.Series.cat", "pandas.Series.dt", "pandas.Series.str"), "its class is another one for each kind of data"
    ),
    "torch.dtype": "cannot be called; it is there for annotations",
    "torch.nn.Module.set_extra_state": "raises unless a subclass defines it",
    "torch.nn.parallel.DistributedDataParallel": "needs a process group",
    **dict.fromkeys(("torch.hub.load", "torch.hub.load_state_dict_from_url"), "needs the network"),
    **dict.fromkeys(
        ("torch.distributed.init_process_group", "torch.distributed.destroy_process_group"),
        "would end the process group",
    ),
    "torch.autograd.variable.Variable": "another tensor of the same memory and graph, taken for its argument",
    "numpy.swapaxes": "a tensor's own swapaxes answers; only where that raises is the tensor converted",
}
"""Rows that say less than what is seen, or say it more simply, and why."""


def reason(row: Row, failed: str) -> str:
    """Why nothing of a row was compared.

    :param failed: what its example raised, if it has one
    """
    if resolve(row.name) is None and not failed:
        return "this version does not have it"
    if failed:
        return failed
    if row.returns == "unknown" and not row.converts and not row.writes:
        return "the row says nothing of its result"
    return "no call shows what it says"
