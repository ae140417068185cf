"""Which functions of a file can hold, or lead to, a boundary: a first look that errs on the side of yes."""

from __future__ import annotations

import re

import libcst as cst

from tensorlint.flow.definitions import FileModel, FunctionDefinition

__all__ = ["leading_to", "mentioning", "worth_a_look"]

BOUNDARY = re.compile(
    r"numpy|\bnp\.|\bplt\b|\bpd\.|\bsns\.|\bax(?:es|s)?\b|\.plot|scatter|hist|imshow|sklearn|scipy|pandas|matplotlib|score"
    r"|metric|\.fit\(|predict|transform|DataFrame|state_dict|\.data\b|\.detach\(|\.cpu\(|asarray|as_tensor|from_numpy"
    r"|\[::-1|::-1\]|:-1\]|flip|rot90|device\s*(?:==|!=|in\b|not\b)|(?:==|!=)\s*[\w.]*device|\.to\(|\.float\(|\.half\("
    r"|\.cuda\(|\.long\(|\.double\(|Image\.|cv2\.|torch\.tensor|Tensor\(|\.clone\(|\.contiguous\("
)
WORD = re.compile(r"[A-Za-z_]\w*")


def worth_a_look(file: FileModel) -> set[FunctionDefinition]:
    """The functions whose text mentions a boundary, and those whose text mentions one of these by name."""
    if BOUNDARY.search(file.text) is None:
        return set()
    texts = _texts(file)
    found = {function for function, text in texts.items() if BOUNDARY.search(text)}
    return _with_callers(texts, found) | {function for function in file.functions if function.nested}


def leading_to(file: FileModel, found: set[FunctionDefinition]) -> set[FunctionDefinition]:
    """Those functions of the file, and those that mention one of them by name."""
    return _with_callers(_texts(file), {function for function in found if function.file is file})


def mentioning(file: FileModel, names: set[str]) -> set[FunctionDefinition]:
    """The functions whose text mentions one of ``names``, and those whose text mentions one of these."""
    texts = _texts(file)
    return _with_callers(texts, {function for function, text in texts.items() if names & set(WORD.findall(text))})


def _texts(file: FileModel) -> dict[FunctionDefinition, str]:
    empty = cst.Module(body=())
    return {function: empty.code_for_node(function.node) for function in file.functions if not function.nested}


def _with_callers(texts: dict[FunctionDefinition, str], found: set[FunctionDefinition]) -> set[FunctionDefinition]:
    found = set(found)
    words = {function: set(WORD.findall(text)) for function, text in texts.items()}
    grown = True
    while grown:
        names = {function.name for function in found} | {f.owner.name for f in found if f.owner is not None}
        more = {function for function, its in words.items() if function not in found and its & names}
        found |= more
        grown = bool(more)
    return found
