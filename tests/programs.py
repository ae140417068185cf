"""Made programs that use torch and NumPy together in many shapes and layouts, for properties that hold of all of them.

They are Python that compiles; whether they would run is another matter. What they are made of is drawn from a
``random.Random``, which can be one of Hypothesis's (then they shrink) or a plain one (then they are made fast).
"""

from __future__ import annotations

import ast
import io
import random
import re
import tokenize
import warnings

__all__ = ["made"]

TENSORS = (
    "x", "y", "loss", "net(x)", "torch.rand(3, 3)", "torch.ones(3, requires_grad=True)", "net.weight", "{t}.detach()",
    "{t}.cpu()", "{t}.to(device)", "{t}.cuda()", "{t}[0]", "{t}[:, 1]", "{t} + {t}", "{t} * 2", "-{t}", "{t}.view(-1)",
    "{t}.data", "{t}.T", "{t}.mean()", "{t}.float()", "torch.from_numpy({a})", "torch.as_tensor({a})",
    "torch.tensor({a})", "torch.tensor({t})", "torch.Tensor({a})", "torch.tensor([{a}, {a}])",
    "torch.stack([{t}, {t}])",
    "({t} if flag else {t})", "(lambda q: q * 2)({t})", "helper({t})", "{t}.to(torch.bfloat16)", "{t}.to_sparse()",
    "torch.conj({t})", "{t}.expand(3, 3)", "{t}.contiguous()", "{t}.argmax(dim=1)", "criterion(net(x), y)",
    "(z := {t})",
    "{t}.clone()", "torch.utils.data.default_collate([{a}])", "torch.tensor([1, 2], requires_grad=True)",
    "{t}.requires_grad_()", "torch.as_tensor(\n    {a}\n)", "{t} @ net.weight", "torch.sum({t}, dim=0)",
)  # fmt: skip
ARRAYS = (
    "a", "b", "{t}.numpy()", "{t}.detach().numpy()", "{t}.cpu().numpy()", "{t}.cpu().detach().numpy()",
    "{t}.detach().cpu().numpy()", "np.array({t})", "np.asarray({t})", "np.zeros((3, 3))", "{a}[::-1]", "np.flip({a})",
    "{a} * {a}", "np.mean(losses)", "np.sum({t})", "np.exp({t})", "np.concatenate([{t}, {t}])", "np.stack(losses)",
    "np.broadcast_to({a}, (3, 3))", "{a}.astype(np.float64)", "{a}.astype('uint16')", "{t}.contiguous().numpy()",
    "{t}.data.numpy()", "{t}.numpy(force=True)", "np.array([{t} for _ in range(3)])", "{a} + {t}", "np.isnan({t})",
    "np.where({t} > 0, {t}, 0)", "np.frombuffer(raw, dtype=np.uint8)", "{t}.detach().detach().numpy()", "{t}.tolist()",
    "np.asarray({t}, dtype=torch.float32)", "np.save('f', {t})", "plt.plot(losses)", "[{t}.numpy() for x in batches]",
    "{{k: v.cpu().numpy() for k, v in net.state_dict().items()}}", "np.array(\n    {t},  # c\n)", "{t}.__array__()",
)  # fmt: skip
SIMPLE = (
    "x = {t}", "y = {t}", "a = {a}", "b = {a}", "loss = {t}", "x, a = {t}, {a}", "[x, *rest] = {t}",
    "x: torch.Tensor = {t}",
    "a[0] = 1", "a[:] = {t}", "a += 1", "a /= 255", "x += 1", "x[0] = 0", "x.zero_()", "x.data.mul_(2)", "{t}.detach()",
    "{t}.cpu()", "{t}.numpy()", "{t}.to(device)", "losses.append({t})", "losses.append({t}.item())", "loss.backward()",
    "optimizer.step()", "best = net.state_dict()", "net.load_state_dict(best)", "self.kept = {a}", "print({a}, {t})",
    "print(f'{{{t}.numpy()!r:>{{width}}}}')", "assert {a} is not None, {t}", "del x", "global kept", "kept = {a}",
    "x = {t}; a = {a}", "raise ValueError({a})", "device = torch.device('cuda' if flag else 'cpu')",
    "flag = x.device == 'cuda'", "net = nn.Linear(3, 3).to(device)", "x = net(torch.from_numpy({a}).to(device))",
    "a = np.zeros(3); x = torch.from_numpy(a); a[0] = 1", "x.detach().numpy()[:] = 0", "lists = [{a}, {t}]",
    "x = torch.from_numpy(np.random.rand(3, 3)); net(x)", "x = torch.tensor(1).requires_grad_(); x.numpy()",
    "grads = torch.from_numpy({a}).requires_grad_()", "sns.histplot({t})", "pd.Series({t})", "pass", "...",
    "loss = torch.tensor(np.mean({t}.detach().numpy())); loss.backward()", "s = 'é😀'; a = {a}", "'''\n''', {a}",
)  # fmt: skip
HEADS = (
    "for x in batches:", "for i, (x, y) in enumerate(loader):", "while flag:", "with torch.no_grad():", "if flag:",
    "with open('f') as f, torch.inference_mode():", "if x.is_cuda:", "if x.requires_grad:", "if x.device == 'cpu':",
    "if isinstance(x, np.ndarray):", "def helper(x: torch.Tensor, *rest, k={a}):", "async def later(x):", "if True:",
    "@torch.no_grad()\ndef frozen(x):", "class Net(nn.Module):", "@property\ndef prop(self):", "def forward(self, x):",
    "@decorated({a})\nclass Data(torch.utils.data.Dataset):", "def training_step(self, batch, index):",
    "for x in {a}:", "match x:\n    case torch.Tensor() as t if flag:",
    "with (torch.no_grad(), torch.autocast('cuda')):",
    "def made(a: np.ndarray) -> torch.Tensor:", "try:\n    pass\nexcept (ValueError, TypeError) :",
    "try:\n    pass\nfinally:", "for epoch in range(9):",
)  # fmt: skip
OPENINGS = (
    "import numpy as np\nimport torch\nfrom torch import nn\n",
    "from __future__ import annotations\nimport torch, numpy as np\nimport torch.nn as nn\n",
    '"""É."""\nimport torch; import numpy as np; from torch import nn\nimport matplotlib.pyplot as plt\n',
    "import torch\nfrom torch import nn, from_numpy\nimport numpy\nnp = numpy\n",
    "try:\n\timport numpy as np\nexcept ImportError :\n\tnp = None\nimport torch\nfrom torch import nn\n",
)
NAMES = (
    (
        "net = nn.Linear(3, 3)\ncriterion = nn.MSELoss()\noptimizer = torch.optim.SGD(net.parameters(), lr=0.1)\n"
        "x, y = torch.rand(3, 3), torch.rand(3, 3)\na = np.zeros((3, 3))\nlosses = []\n"
        "device = torch.device('cuda')\nloss = criterion(net(x), y)\n"
    ),
    "net = nn.Linear(3, 3).cuda()\nx = torch.rand(3, 3).cuda()\na = x.cpu().numpy()\nloss = net(x).sum()\n",
    "x = torch.rand(3, 3, requires_grad=True)\na = np.ones(3)[::-1]\n",
    "",
)
DEEPEST = 3
TRIES = 8


class _Writer:
    def __init__(self, rnd: random.Random) -> None:
        self.rnd = rnd

    def program(self) -> str:
        indent = self.rnd.choice(("    ", "  ", "\t"))
        body = self.block(0, indent, self.rnd.randint(1, 5))
        return self.rnd.choice(OPENINGS) + self.rnd.choice(NAMES) + body

    def block(self, level: int, indent: str, statements: int) -> str:
        return "".join(self.statement(level, indent) for _ in range(statements))

    def statement(self, level: int, indent: str) -> str:
        if level < 3 and self.rnd.random() < 0.35:
            lines = self.filled(self.rnd.choice(HEADS), 1).split("\n")
            inner = level + 1 + (len(lines[-1]) - len(lines[-1].lstrip(" "))) // 4
            head = "".join(self.line(line.replace("    ", indent), level, indent) for line in lines)
            return head + self.block(inner, indent, self.rnd.randint(1, 3))
        text = self.filled(self.rnd.choice(SIMPLE), 0)
        if level and self.rnd.random() < 0.15:
            text = self.filled(self.rnd.choice(("return {a}", "return {t}, {a}", "yield {t}", "return")), 0)
        return self.line(text, level, indent)

    def line(self, text: str, level: int, indent: str) -> str:
        return f"{indent * level}{text}\n"

    def filled(self, template: str, depth: int) -> str:
        def expression(match: re.Match[str]) -> str:
            if match[0] in ("{{", "}}"):
                return match[0][0]
            forms = TENSORS if match[1] == "t" else ARRAYS
            form = self.rnd.choice(forms[:3] if depth >= DEEPEST else forms)
            if "'" in form and template.startswith("print(f'"):
                form = "x"
            text = self.filled(form, depth + 1)
            return f"({text})" if self.rnd.random() < 0.15 or _loose(text, match) else text

        return re.sub(r"\{\{|\}\}|\{([ta])\}", expression, template)


def _loose(text: str, match: re.Match[str]) -> bool:
    """Whether an operator in it would reach for what stands around."""
    return match.string[match.end() :][:1] in (".", "[") and re.search(r" [-+*@] |^-", text) is not None


def _laid_out(text: str, rnd: random.Random) -> str:
    """The same tokens, with other white space and with comments between them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before, often = ast.dump(ast.parse(text)), rnd.choice((0.02, 0.1, 0.3))
    for _ in range(TRIES):
        changed = _respaced(text, rnd, often)
        try:
            if ast.dump(ast.parse(changed)) == before:
                return changed
        except SyntaxError:
            pass
        often /= 3
    return text


def _respaced(text: str, rnd: random.Random, often: float) -> str:
    lines = text.splitlines(keepends=True)
    pieces: list[str] = []
    at, depth = (1, 0), 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
            continue
        between = _between(lines, at, token.start)
        if token.start[1] and between.isspace() + (not between) and at[0] == token.start[0] and rnd.random() < often:
            inside = ("\n", "  # é 'c'\n ", "\r\n\t", "\n\n") if depth else ()
            between += rnd.choice((" ", "  ", "\t", "\\\n  ", *inside)) if at[1] else ""
        pieces += [between, token.string]
        depth += (token.string in "([{") - (token.string in ")]}") if token.type == tokenize.OP else 0
        if token.type == tokenize.NEWLINE and rnd.random() < often:
            pieces.append(rnd.choice(("\n", "   \n", "# a comment, ü\n", "\t# noqa: TSL101\n", "\f\n", "\f")))
        elif token.type == tokenize.NEWLINE and rnd.random() < often:
            pieces[-1] = rnd.choice(("  # noqa", " # c\n", ";", " ;")) + token.string
        at = token.end
    return "".join(pieces)


def _between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    if start[0] == end[0]:
        return lines[start[0] - 1][start[1] : end[1]] if start[0] <= len(lines) else ""
    first = lines[start[0] - 1][start[1] :] if start[0] <= len(lines) else ""
    return first + "".join(lines[start[0] : end[0] - 1]) + (lines[end[0] - 1][: end[1]] if end[0] <= len(lines) else "")


def _encoded(text: str, rnd: random.Random) -> bytes:
    newline = rnd.choice(("\n", "\n", "\n", "\r\n", "\r"))
    text = re.sub(r"\r\n|\r|\n", newline, text) if newline != "\n" else text
    if rnd.random() < 0.1:
        text = text.rstrip("\r\n")
    kind = rnd.choice(("utf-8", "utf-8", "utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-8 declared"))
    if kind in ("latin-1", "cp1252"):
        return f"# -*- coding: {kind} -*-{newline}{text.replace('😀', 'ß')}".encode(kind)
    if kind == "utf-8 declared":
        return f"#!/usr/bin/python{newline}# vim: set fileencoding=utf-8 :{newline}{text}".encode()
    return text.encode(kind)


def made(rnd: random.Random) -> bytes:
    """A program that compiles.

    :raises ValueError: if none came out in some tries
    """
    for _ in range(TRIES):
        text = _Writer(rnd).program()
        if _compiles(text):
            data = _encoded(_laid_out(text, rnd), rnd)
            if _compiles(data):
                return data
    raise ValueError("no program that compiles")


def _compiles(program: str | bytes) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(program, "program.py", "exec", dont_inherit=True)
        except SyntaxError:
            return False
    return True
