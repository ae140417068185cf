"""One entry of a library table, and what its fields may hold."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CONDITIONS", "DEFAULTS", "DEVICES", "DTYPES", "GRADS", "HOWS", "READ_ONLY", "RETURNS", "STRIDES", "Row"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


RETURNS = _words("""
    tensor array scalar number str bool none shape device dtype module loss optimizer scheduler loader dataset tensors
    arrays tuple self argument object parameters named_parameters state_dict tensor_or_pair unknown
""")
"""Words for what a call returns. ``tensor_or_pair``: a tensor, and with ``dim`` (or ``return_indices``) a pair
(values, indices)."""

GRADS = frozenset({"inputs", "no", "yes", "keyword"})
DEVICES = frozenset({"inputs", "cpu", "keyword", "accelerator", "argument", "owner"})
DTYPES = _words("""
    inputs keyword argument keep_float unknown promote divide mean
    bool uint8 int8 int16 int32 int64 float16 bfloat16 float32 float64 complex32 complex64 complex128 object str
""")
"""Words for a result's dtype. ``argument``: given as in ``.to`` and ``.astype``; ``keyword``: ``dtype=``, else the
library's default; ``keep_float``: a floating input keeps its dtype, others may not. Of NumPy: ``promote`` (the dtype
that holds all inputs), ``divide`` (the same, integers become float64), ``mean`` (that of the first, integers become
float64)."""
DEFAULTS = DTYPES | {"data", "numbers"}
"""Words for the dtype that a call without ``dtype=`` gives: ``data`` (that of what it is given), ``numbers`` (int64
where every argument is an int, else the library's floating dtype)."""

CONDITIONS = frozenset({"unless on a GPU", "unless the dtype changes", "unless the layout changes"})
"""When a call that may copy shares memory all the same; a row joins several with `` or ``."""

HOWS = frozenset({"explicit", "implicit", "method"})
READ_ONLY = frozenset({"make", "warn"})
STRIDES = frozenset({"keep", "drop", "make", "refuse"})


@dataclass(frozen=True, slots=True)
class Row:
    """What one function, method, class or attribute of a library does."""

    name: str
    """Fully qualified: ``torch.Tensor.cpu``, ``numpy.mean``."""
    returns: str = "unknown"
    """One of ``RETURNS``. ``self``: the receiver; ``argument``: the first argument."""
    items: tuple[str, ...] = ()
    """For ``returns = "tuple"`` (and ``tensor_or_pair``): what each item is, in the words of ``RETURNS``."""
    item_grad: tuple[str, ...] = ()
    """For each item: ``inputs`` or ``no``. Empty: ``grad`` holds for all."""
    type: str = ""
    """For ``returns = "object"``: the class. A class's own row has none, and it is the name that was looked up."""
    grad: str = "inputs"
    """Whether the result requires grad: ``inputs`` (as soon as an input does), ``no``, ``yes``,
    ``keyword`` (as ``requires_grad=`` says, else no)."""
    device: str = "inputs"
    """``inputs``, ``cpu``, ``accelerator``, ``argument`` (as in ``.to``), ``keyword`` (``device=``; without it the
    inputs' device, and the CPU where the call has no tensor among its inputs), ``owner`` (for a module's method: where
    the module was moved to)."""
    dtype: str = "inputs"
    """One of ``DTYPES``."""
    default: str = ""
    """With ``dtype = "keyword"``: the dtype where ``dtype=`` is not given, one of ``DEFAULTS``; empty: not known."""
    dtype_at: str = ""
    """With ``dtype = "keyword"``: the position at which it may be given as well."""
    same_dtype: tuple[str, ...] = ()
    """Arguments whose tensors must have one dtype, or the call raises: positions, keywords, and ``parameters`` for
    those of a module (which then stand against what it is called with)."""
    shares: str = ""
    """Whether the result lives in the memory of the receiver (or first argument): empty (no), ``view`` (always), or
    conditions of ``CONDITIONS``."""
    writes: tuple[str, ...] = ()
    """What is written to: ``self``, positions (``0``), keywords (``out``), ``parameters`` (those it was made for)."""
    converts: tuple[str, ...] = ()
    """Arguments that become arrays through ``__array__`` when they are tensors (or hold tensors): positions, keywords,
    ``*`` for every positional argument, ``**`` for every keyword. For a method, positions start after the receiver."""
    containers: tuple[str, ...] = ("list",)
    """Containers whose elements are converted too when an argument of ``converts`` is one: ``list`` (tuples as well),
    ``dict``. A DataFrame keeps a list of tensors as objects, but converts the values of a dict."""
    how: str = "implicit"
    """``explicit``, ``implicit``, or ``method``: given a Tensor it calls the Tensor's own method with NumPy's
    keywords, a TypeError on every Tensor; a list of tensors is converted all the same."""
    saves: tuple[str, ...] = ()
    """Whose memory autograd keeps for the backward, and for which gradient: ``GRADIENT:MEMORY``, as in ``0:1`` (the
    gradient of the first argument needs the memory of the second) and ``self:result``. Besides positions and ``self``
    there are ``result``, ``result1`` (of several) and, for a module, ``parameters``."""
    negative_stride: str = "drop"
    """What becomes of an argument's negative strides: ``keep``, ``drop``, ``make`` (the result has some),
    ``refuse`` (the call raises)."""
    read_only: str = ""
    """``make``: what the call gives is read-only (unless ``writeable=``, ``copy=`` or the like say otherwise);
    ``warn``: given a read-only array it warns. A view of a read-only array is one, whatever the row says."""
    parameters: bool | None = None
    """For a module: it has trainable parameters; None where that depends (on children, or is not known)."""
    parameters_if: tuple[str, ...] = ()
    """For a module: the argument (its keyword and its position) that says so instead, where it is given: ``affine``."""
    parameters_unless: tuple[str, ...] = ()
    """The same for one that says the opposite: ``freeze``."""
    attribute: bool = False
    """It is read, not called: ``torch.Tensor.shape``."""
    wraps: bool = False
    """Given a Tensor that can be converted it gives a Tensor back (NumPy's ufuncs do, through ``__array_wrap__``)."""
    reduces: bool = False
    """With ``returns = "scalar"``: an array comes out where ``axis=`` or ``keepdims=`` is given."""
    torch: str = ""
    """The versions of torch that the row is about, as ``>=2.3`` or ``>=1.13, <2.2``; empty: all. A name may have
    several rows, for several versions."""
    numpy: str = ""
    """The same for NumPy."""
    note: str = ""
    source: str = ""
    """Where the fact comes from: ``run`` with versions, or documentation that is named."""
