"""Which functions of a file can hold, or lead to, a boundary: a first look that errs on the side of yes."""

from __future__ import annotations

import re
from collections.abc import Set
from functools import lru_cache

from tensorlint.flow.definitions import ClassDefinition, FileModel, FunctionDefinition

__all__ = ["leading_to", "may_hold_boundary", "mentioning", "reading", "using", "worth_a_look"]

LIBRARIES = "numpy|scipy|sklearn|pandas|matplotlib|seaborn|PIL|cv2|skimage|torchvision|statsmodels|wandb|pylab|xarray"
BOUNDARY = re.compile(
    r"\.numpy\(|\.cpu\(|__array__|state_dict\(|\.data\b|\.detach\(|from_numpy|asarray|as_tensor\(|dlpack|\.\w*Tensor\("
    r"|DataLoader\(|\.to\(\s*[\"']cpu|\.astype\(\s*(?:dtype\s*=\s*)?torch\."
    r"|\btensor\(\s*(?:\d\S*\s*[-+*/]|[A-Za-z_])|\btensor\([^()\n]*requires_grad|requires_grad_\("
    r"|dtype=\S*(?:int|long)[^()\n]*requires_grad|\bParameter\(\s*\w+\.(?:tensor|arange|from)"
    r"|::\s*-\s*1|\.flip|rot90|\bdevice\w*[\"'\])]*\s*(?:==|!=|\bin\b|\bnot\b)|(?:==|!=)\s*[\w.\[\]\"']*device"
    r"|(?<!type)(?<!type )(?:==|!=|\bin)\s*[(\[{]?\s*[\"'](?:cpu|cuda|mps|xpu)"
    r"|(?m:^[ \t]*[\w.\[\]\"']+\.(?:to|cpu|cuda|float|half|double|long|int|bool|short|byte|bfloat16|clone|contiguous"
    r"|resolve_conj|resolve_neg|type|type_as|to_dense|to_sparse|reshape|view|permute|transpose|squeeze|unsqueeze"
    r"|flatten|expand|repeat|conj|dequantize|abs|clamp|clip|masked_fill|index_fill|scatter)\()"
)
"""What a finding stands on, where it does not need a library beside torch."""
EXPANDED = re.compile(r"\b(?:expand|expand_as|broadcast_to|broadcast_tensors|meshgrid|as_strided)\(")
WRITTEN = re.compile(r"\w_\(|\][ \t]*(?:[-+*/%&|^@]|//|\*\*|<<|>>)?=(?!=)|[ \t][-+*/%&|^@]=|\bout=|inplace=True")
"""Something in place, which is done to what is expanded."""
HANDED = re.compile(r"\b(?:return|yield|self\.\w+[ \t]*=)[^\n]{0,200}?\b(?:expand|expand_as|broadcast_to|meshgrid)\(")
"""What is expanded is handed to others, who may write to it."""
NAMED = re.compile(r"^[ \t]*(\w+)[ \t]*=[^\n]*?\b(?:expand|expand_as|broadcast_to)\(", re.MULTILINE)
CASTS = r"\.(?:float|double|half|long|int|bool|short|byte|to|type|contiguous|reshape|flatten|ravel)\("
CAST = re.compile(rf"^[ \t]*(\w+)[ \t]*=(?!=)[^\n]*{CASTS}", re.MULTILINE)
"""What may be a copy or the very memory."""
CAST_WRITTEN = re.compile(rf"{CASTS}[^()\n]*\)(?:\[[^\n\]]*\][ \t]*(?:[-+*/%&|^@]|//|\*\*)?=(?!=)|\.\w+_\()")
CHANGED = re.compile(
    r"\b(\w+)(?:\[[^\n]*?\])?(?:[ \t]*(?:[-+*/%&|^@]|//|\*\*)=|\.\w*[a-z]_\()|\b(\w+)\[[^\n]*?\][ \t]*=(?!=)"
)
"""Names of what something in place is done to."""
RESULTS = re.compile(r"\b(?:return|yield)\b([^\n]*)")
BACKWARD = re.compile(r"\bbackward\(|\bautograd\.grad\(|\bdef training_step\(")
"""Where a gradient that was lost is missed."""
COLLECTED = re.compile(
    r"(?:\+|\.append\(|\.extend\()[^\n]{0,120}?(?:\.(?:item|tolist)\(|\bfloat\()|\.(?:item|tolist)\(\)[^\n]{0,80}?\bfor\b"
)
"""Numbers that are put away in a loop, or in a list comprehension."""
NUMBERS = re.compile(r"\.item\(|\.tolist\(|\bfloat\(")
SOME_STEPS = re.compile(r"\bif\b[^\n%]*[\w)\]] % ?[\w(]")
"""A test of the step, under which numbers may be read."""
REMADE = re.compile(r"\b(?:tensor|Tensor|FloatTensor|Variable|full)\(")
METHODS = re.compile(
    r"\.(?:plot|loglog|semilog\w|step|fill\w*|stem|errorbar|scatter|barh?|hist\w*|box\w*|violin\w*|pie|imshow|matshow"
    r"|pcolor\w*|contour\w*|quiver|streamplot|h?lines|vlines|ax[hv]\w+|set_\w+|text|annotate|fit\w*|predict\w*|score\w*"
    r"|transform|partial_fit|query\w*|add_\w+|map|assign|insert|iloc|loc|values|sort|partition|put|itemset)\b"
)
"""Methods of the objects that those libraries make."""
IMPORTED = re.compile(
    rf"^[ \t]*(?:from[ \t]+(?:{LIBRARIES})[\w.]*[ \t]+import[ \t]*(\([^)]*\)|[^\n#]*)|import[ \t]+([^\n#]+))",
    re.MULTILINE,
)
WORD = re.compile(r"[A-Za-z_]\w*")
KEPT = re.compile(r"\bself\.(\w+)(?:\[[^\]\n]*\])?[ \t]*(?::[^=\n]*)?=(?!=)")
ATTRIBUTE = re.compile(r"\bself\.(\w+)")


def worth_a_look(file: FileModel) -> frozenset[FunctionDefinition]:
    """The functions whose text mentions a boundary, but for those inside functions."""
    if file.worth is None:
        file.worth = _worth_a_look(file)
    return file.worth


def _worth_a_look(file: FileModel) -> frozenset[FunctionDefinition]:
    if not may_hold_boundary(file.text):
        return frozenset()
    names = _library_names(file.text)
    found = set()
    for function, text in _texts(file).items():
        library = bool(names) and (not names.isdisjoint(_words(text)) or METHODS.search(text) is not None)
        if library or _holds_boundary(text):
            found.add(function)
    return frozenset(found)


def may_hold_boundary(text: str) -> bool:
    """Whether a file, or what it imports from the libraries that convert, may hold a boundary."""
    return bool(_library_names(text)) or _holds_boundary(text)


def _holds_boundary(text: str) -> bool:
    """What a finding stands on is in a text, whatever the file imports."""
    if any(one.search(text) is not None for one in (BOUNDARY, BACKWARD, COLLECTED)):
        return True
    if EXPANDED.search(text) is not None and (WRITTEN.search(text) is not None or _hands_on(text)):
        return True
    if _writes_to_cast(text):
        return True
    return NUMBERS.search(text) is not None and (REMADE.search(text) or SOME_STEPS.search(text)) is not None


def _hands_on(text: str) -> bool:
    """What is expanded is handed to others, at once or by a name."""
    if HANDED.search(text) is not None:
        return True
    names = set(NAMED.findall(text))
    return bool(names) and any(not names.isdisjoint(WORD.findall(result)) for result in RESULTS.findall(text))


def _writes_to_cast(text: str) -> bool:
    """Something in place is done to what may be a copy or the very memory, at once or by a name."""
    if CAST_WRITTEN.search(text) is not None:
        return True
    names = set(CAST.findall(text))
    return bool(names) and any(not names.isdisjoint(written) for written in CHANGED.findall(text))


def leading_to(file: FileModel, found: Set[FunctionDefinition]) -> set[FunctionDefinition]:
    """Those functions of the file, and those that mention one of them, or the class of its object, by name."""
    functions = {function for function in found if function.file is file}
    classes = {one.owner.name for one in functions if one.owner is not None}
    making = {one for one, text in _texts(file).items() if not classes.isdisjoint(_words(text))}
    return _with_callers(file, functions | making)


def mentioning(file: FileModel, names: set[str]) -> set[FunctionDefinition]:
    """The functions whose text mentions one of ``names``, and those whose text mentions one of these."""
    return _with_callers(file, {one for one, text in _texts(file).items() if not names.isdisjoint(_words(text))})


def _library_names(text: str) -> set[str]:
    """The names that a file's imports bind to libraries that convert tensors."""
    found: set[str] = set()
    for names, modules in IMPORTED.findall(text):
        if names:
            found.update(WORD.findall(names))
        for part in modules.split(","):
            words = WORD.findall(part)
            if words and re.fullmatch(LIBRARIES, words[0]):
                found.add(words[-1] if "as" in words else words[0])
    return found - {"as"}


def _texts(file: FileModel) -> dict[FunctionDefinition, str]:
    return {function: function.text for function in file.functions if not function.nested}


@lru_cache(maxsize=2048)
def _words(text: str) -> frozenset[str]:
    return frozenset(WORD.findall(text))


def _with_callers(file: FileModel, found: Set[FunctionDefinition]) -> set[FunctionDefinition]:
    """Some functions, those that mention one of these by name, and so on."""
    found = set(found)
    new = found
    while new:
        new = using(file, new) - found
        found |= new
    return found


def using(file: FileModel, functions: Set[FunctionDefinition]) -> set[FunctionDefinition]:
    """The functions that mention one of some by name, or make objects that call one."""
    names = {one.name for one in functions if not _is_implicit(one)}
    classes = {one.owner.name for one in functions if one.owner is not None and _is_implicit(one)}
    found: set[FunctionDefinition] = set()
    for function, text in _texts(file).items():
        words = _words(text)
        if not names.isdisjoint(words):
            found.add(function)
        if not classes.isdisjoint(words):
            found |= {function, *_using_what_it_makes(function, classes)}
    return found


def reading(definition: ClassDefinition, attributes: Set[str]) -> set[FunctionDefinition]:
    """The methods of a class that mention one of some attributes."""
    return {one for one in definition.methods.values() if not attributes.isdisjoint(ATTRIBUTE.findall(one.text))}


def _is_implicit(function: FunctionDefinition) -> bool:
    """A method that is called by no name: what makes an object or calls it does."""
    return function.owner is not None and (function.name.startswith("__") or function.name == "forward")


def _using_what_it_makes(function: FunctionDefinition, classes: set[str]) -> set[FunctionDefinition]:
    """The methods that read the attributes in which a method of theirs puts an object of some class."""
    if function.owner is None:
        return set()
    text, kept = function.text, set()
    for match in WORD.finditer(text):
        if match[0] in classes:
            before = [found[1] for found in KEPT.finditer(text, 0, match.start())]
            kept.update(before[-1:])
    return reading(function.owner, kept)
