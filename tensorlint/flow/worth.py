"""Which functions of a file can hold, or lead to, a boundary: a first look that errs on the side of yes."""

from __future__ import annotations

import re
from collections.abc import Set
from functools import lru_cache

from tensorlint.flow.definitions import ClassDefinition, FileModel, FunctionDefinition

__all__ = [
    "leading_to",
    "may_hold_boundary",
    "mentioning",
    "part_may_hold_boundary",
    "reading",
    "using",
    "worth_a_look",
]

LIBRARIES = "numpy|scipy|sklearn|pandas|matplotlib|seaborn|PIL|cv2|skimage|torchvision|statsmodels|wandb|pylab|xarray"
BOUNDARY = re.compile(
    r"\.numpy\b|\.cpu\(|__array__|state_dict\(|\.data\b(?!(?:\[[^\]\n]*\])?\.\w+_\()|\.detach\("
    r"|from_numpy|asarray|as_tensor\(|dlpack|\.\w*Tensor\(|DataLoader\(|\.to\(\s*[\"']cpu|\.astype\("
    r"|\btensor\(\s*(?:\d\S*\s*[-+*/]|[A-Za-z_])|\btensor\([^()\n]*requires_grad|requires_grad_\("
    r"|dtype=\S*(?:int|long)[^()\n]*requires_grad|\bParameter\(\s*\w+\.(?:tensor|arange|from)"
    r"|::\s*-\s*1|\.flip|rot90|\bdevice\w*[\"'\])]*\s*(?:==|!=|\bin\b|\bnot\b)|(?:==|!=)\s*[\w.\[\]\"']*device"
    r"|(?<!type)(?<!type )(?:==|!=|\bin)\s*[(\[{]?\s*[\"'](?:cpu|cuda|mps|xpu)"
)
"""What a finding stands on, where it does not need a library beside torch."""
DROPPED = re.compile(
    r"(?:^|;|^[ \t]*(?:if|elif|else|for|while|with|try|except|finally|case|def|class)\b[^\n]*:)[ \t(]*[\w.\[\]\"']+"
    r"\.(?:to|cpu|cuda|float|half|double|long|int|bool|short|byte|bfloat16|clone|contiguous"
    r"|resolve_conj|resolve_neg|type|type_as|to_dense|to_sparse|reshape|view|permute|transpose|squeeze|unsqueeze"
    r"|flatten|expand|repeat|conj|dequantize|abs|clamp|clip|masked_fill|index_fill|scatter)\(",
    re.MULTILINE,
)
"""A line that begins with a call whose result matters alone."""
GOES_ON = re.compile(
    r"[^\n#]*(?:[(\[{,=+\-*/%&|^<>~@\\]|\b(?:and|or|not|in|is|if|else|return|yield|lambda))[ \t]*\r?\n\Z"
)
"""A line in whose middle a statement is."""
EXPANDED = re.compile(r"\b(?:expand|expand_as|broadcast_to|broadcast_tensors|meshgrid|as_strided)\(")
WRITTEN = re.compile(
    r"\w_\(|^[ \t]*[\w.]+(?:\([^\n]*\))?\[[^\n]*\][^\n=]*=(?!=)|^[ \t]*\][ \t]*=(?!=)"
    r"|[ \t\])](?:[-+*/%&|^@]|//|\*\*|<<|>>)=|\bout=|inplace=True",
    re.MULTILINE,
)
"""Something in place, which is done to what is expanded, or to an array."""
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
BACKWARD = re.compile(r"backward\(|\bautograd\.grad\(|\bdef training_step\(")
"""Where a gradient that was lost is missed."""
COLLECTED = re.compile(
    r"(?:\+|\.append\(|\.extend\()[^\n]{0,120}?(?:\.(?:item|tolist)\(|(?<![.\w])float\((?![\"']))"
    r"|\.(?:item|tolist)\(\)[^\n]{0,80}?\bfor\b"
)
"""Numbers that are put away in a loop, or in a list comprehension."""
NUMBERS = re.compile(r"\.item\(|\.tolist\(|(?<![.\w])float\((?![\"'])")
SOME_STEPS = re.compile(r"\bif\b[^\n%]*[\w)\]] % ?[\w(]")
"""A test of the step, under which numbers may be read."""
REMADE = re.compile(r"\b(?:tensor|Tensor|FloatTensor|Variable|full)\(")
METHODS = {
    LIBRARIES: r"plot\w*|loglog|semilog[xy]|stem|errorbar|imshow|matshow|hist|hist2d|hexbin|boxplot|violinplot"
    r"|pcolor\w*|\w*contour\w*|tripcolor|triplot|quiver|streamplot|[hv]lines|ax[hv]?(?:line|span)|fill_between\w*|stackplot"
    r"|eventplot|barh?|bar3d|spy|specgram|stairs|voxels|scatter3D|set_[xyz](?:lim|bound|data|ticks)|set_data|set_array"
    r"|fit|fit_\w+|partial_fit|predict|predict_\w+|kneighbors|radius_neighbors|decision_function|to_numpy|itemset|fill"
    r"|sort|partition|put|setfield",
    "matplotlib|seaborn|pylab|pandas": r"step|scatter|pie|arrow|barbs|bar_label|broken_barh|grouped_bar|ecdf|psd|csd"
    r"|\w+_spectrum|cohere|[ax]corr|set_\w+|add_\w+|text|annotate",
    "sklearn|skimage|scipy|statsmodels": r"transform|inverse_transform|score|score_samples|apply|query\w*|\w*[pcs]df"
    r"|ppf|\w*pmf|rvs",
    "pandas|xarray": r"assign|insert|map|query",
}
"""Methods of the objects that those libraries make: where others have a method of the same name, the file must import
the library."""
ENTRIES = re.compile(r"\.(?:i?loc|i?at|values)\b(?!\()")
"""Attributes of what pandas makes."""
ARRAYS = "ndarray|generic|number"
"""What arrays are, which something may be done with."""
TYPES = r"random\.(?:Generator|RandomState)|pi|inf|nan|newaxis|Image|InterpolationMode"
"""Other names that a library is mentioned for without that it is given anything."""
TENSORS = re.compile(r"\btorch\b|\bTensor\b")
IMPORTED = re.compile(
    rf"(?:^|;)[ \t\f]*(?:from[ \t]+({LIBRARIES})[\w.]*[ \t]+import[ \t]*(\([^)]*\)|[^\n#;]*)|import[ \t]+([^\n#;]+))",
    re.MULTILINE,
)
CONTINUED = re.compile(r"\\(?:\r\n|\r|\n)")
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
    used = _uses(file.text)
    return frozenset(function for function, text in _texts(file).items() if _may_hold_boundary(text, used))


def part_may_hold_boundary(file: FileModel, text: str) -> bool:
    """Whether a part of a file may hold a boundary."""
    return _may_hold_boundary(text, _uses(file.text))


def _may_hold_boundary(text: str, used: tuple[re.Pattern[str], re.Pattern[str]] | None) -> bool:
    return _holds_boundary(text) or (used is not None and _uses_library(text, *used))


def _uses(text: str) -> tuple[re.Pattern[str], re.Pattern[str]] | None:
    """What is written where a part of a file uses something of the libraries that the file imports, and where it but
    names the types of their arrays; None where it imports none."""
    names = _library_names(text)
    return _written(frozenset(names.items())) if names else None


@lru_cache(maxsize=256)
def _written(names: frozenset[tuple[str, str]]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The same for what the imports bind, and to which libraries."""
    imported = {library for _, library in names}
    methods = [group for libraries, group in METHODS.items() if not imported.isdisjoint(libraries.split("|"))]
    bound = "|".join(sorted(re.escape(name) for name, _ in names))
    use = rf"(?<![\w.])(?:{bound})\b(?!(?:\.\w+)*\.(?:{TYPES}|{ARRAYS})\b(?!\())|\.(?:{'|'.join(methods)})\("
    if not imported.isdisjoint(("pandas", "xarray")):
        use = f"{use}|{ENTRIES.pattern}"
    return re.compile(use), re.compile(rf"(?<![\w.])(?:{bound})\.(?:{ARRAYS})\b")


def _uses_library(text: str, use: re.Pattern[str], mention: re.Pattern[str]) -> bool:
    if use.search(text) is not None:
        return True
    return mention.search(text) is not None and (TENSORS.search(text) or WRITTEN.search(text)) is not None


def may_hold_boundary(text: str) -> bool:
    """Whether a file, or what it imports from the libraries that convert, may hold a boundary."""
    return bool(_library_names(text)) or _holds_boundary(text)


def _holds_boundary(text: str) -> bool:
    """What a finding stands on is in a text, whatever the file imports."""
    if any(one.search(text) is not None for one in (BOUNDARY, BACKWARD, COLLECTED)) or _drops_result(text):
        return True
    if EXPANDED.search(text) is not None and (WRITTEN.search(text) is not None or _hands_on(text)):
        return True
    if _writes_to_cast(text):
        return True
    return NUMBERS.search(text) is not None and (REMADE.search(text) or SOME_STEPS.search(text)) is not None


def _drops_result(text: str) -> bool:
    """A statement is a call whose result matters alone."""
    for found in DROPPED.finditer(text):
        line = text.rfind("\n", 0, max(0, found.start() - 1)) + 1
        if GOES_ON.match(text[line : found.start()]) is None:
            return True
    return False


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


def leading_to(file: FileModel, found: Set[FunctionDefinition], far: bool = True) -> set[FunctionDefinition]:
    """Those functions of the file, and those that mention one of them, or the class of its object, by name.

    :param far: and those that mention these, and so on
    """
    functions = {function for function in found if function.file is file}
    classes = {one.owner.name for one in functions if one.owner is not None}
    making = {one for one, text in _texts(file).items() if not classes.isdisjoint(_words(text))}
    if far:
        return _with_callers(file, functions | making)
    functions |= making | using(file, {one for one in functions if one.nested})  # what calls them calls what is inside
    direct = functions | using(file, functions)
    names = {one.name for one in functions}
    return direct | using(file, {one for one in direct if not names.isdisjoint(one.decorators)})


def mentioning(file: FileModel, names: set[str]) -> set[FunctionDefinition]:
    """The functions whose text mentions one of ``names``, and those whose text mentions one of these."""
    return _with_callers(file, {one for one, text in _texts(file).items() if not names.isdisjoint(_words(text))})


def _library_names(text: str) -> dict[str, str]:
    """The names that a file's imports bind to libraries that convert tensors, with the libraries."""
    found: dict[str, str] = {}
    for library, names, modules in IMPORTED.findall(CONTINUED.sub(" ", text).replace("\r", "\n")):
        if names:
            found.update(dict.fromkeys(WORD.findall(names), library))
        for part in modules.split(","):
            words = WORD.findall(part)
            if words and re.fullmatch(LIBRARIES, words[0]):
                found[words[-1] if "as" in words else words[0]] = words[0]
    found.pop("as", None)
    return found


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
