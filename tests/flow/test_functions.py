"""Functions: what a call gives for its arguments, what it writes to, closures, generators, decorators, recursion."""

from __future__ import annotations

import itertools
import time

import pytest
from reveal import events, evidence, findings, reveal, reveals

W = "w = torch.ones(3, requires_grad=True)"


def test_a_result_depends_on_the_arguments_of_the_call() -> None:
    on, off = reveals(f"""
{W}
def double(x):
    return x * 2

reveal(double(w), double(torch.ones(3)))
""")
    assert (on.requires_grad, off.requires_grad) == ("yes", "no")


def test_a_tuple_that_is_returned_keeps_its_items_apart() -> None:
    loss, number = reveals(f"""
{W}
def step(x):
    loss = (x * w).sum()
    return loss, loss.item()

loss, number = step(torch.ones(3))
reveal(loss, number)
""")
    assert loss.requires_grad == "yes"
    assert number.kind == "Number"


def test_several_returns_are_joined() -> None:
    x = reveal(f"""
{W}
def f(flag):
    if flag:
        return w
    return None

reveal(f(flag()))
""")
    assert x.kind == "None | Tensor"


def test_a_constant_argument_decides_a_branch() -> None:
    plain, detached = reveals(f"""
{W}
def f(x, detach=False):
    if detach:
        x = x.detach()
    return x

reveal(f(w), f(w, detach=True))
""")
    assert detached.requires_grad == "no"
    assert plain.requires_grad == "yes"


@pytest.mark.parametrize(
    ("parameters", "call"),
    [
        ("a, b", "f(0, w)"),
        ("a, b", "f(b=w, a=0)"),
        ("a, b", "f(*[0, w])"),
        ("a, b", "f(*(0, w))"),
        ("a, b", "f(0, **{'b': w})"),
        ("a, /, b", "f(0, w)"),
        ("a, *, b", "f(0, b=w)"),
        ("a, b=w", "f(0)"),
    ],
)
def test_arguments_reach_their_parameters(parameters: str, call: str) -> None:
    b = reveal(f"""
{W}
def f({parameters}):
    return b

reveal({call})
""")
    assert b.requires_grad == "yes"


@pytest.mark.parametrize(
    ("body", "call"),
    [
        ("def f(*args): return args[1]", "f(0, w)"),
        ("def f(*args): return args[1]", "f(*[0, w])"),
        ("def f(**kwargs): return kwargs['b']", "f(a=0, b=w)"),
        ("def f(**kwargs): return g(**kwargs)", "f(b=w)"),
        ("def f(*args, **kwargs): return g(*args, **kwargs)", "f(w)"),
        ("def f(*args): return sum(args)", "f(w, w)"),
    ],
)
def test_any_number_of_arguments(body: str, call: str) -> None:
    b = reveal(f"""
{W}
def g(b): return b
{body}
reveal({call})
""")
    assert b.requires_grad == "yes"


def test_a_write_to_an_argument_is_seen_by_the_caller() -> None:
    assert findings("""
def normalise(image):
    image /= 255

x = torch.rand(3)
normalise(x.numpy())
a = x.numpy()
normalise(a)
print(x)
""") == [("TSL201", 3, 5, "certain")]


def test_a_list_that_is_passed_is_filled_by_the_callee() -> None:
    xs = reveal(f"""
{W}
def fill(xs):
    xs.append(w)

xs = []
fill(xs)
reveal(xs)
""")
    assert xs.element.requires_grad == "yes"


def test_a_helper_that_returns_a_view_of_its_argument() -> None:
    x, a = reveals("""
def to_numpy(x):
    return x.detach().cpu().numpy()

x = torch.rand(3)
reveal(x, to_numpy(x))
""")
    assert a.shares_with(x) == "yes"


def test_a_nested_function_reads_and_a_nonlocal_writes_the_outer_names() -> None:
    read, written = reveals(f"""
def outer():
    {W}
    total = 0
    def inner():
        nonlocal total
        total = total + w
        return w
    x = inner()
    reveal(x, total)
outer()
""")
    assert read.requires_grad == "yes"
    assert written.requires_grad == "yes"


def test_a_closure_that_is_returned_remembers() -> None:
    x = reveal(f"""
def make(scale):
    def apply(x):
        return x * scale
    return apply

{W}
apply = make(w)
reveal(apply(torch.ones(3)))
""")
    assert x.requires_grad == "yes"


def test_a_nested_function_that_nothing_in_sight_calls_is_looked_at() -> None:
    assert findings("""
def make():
    net = nn.Linear(2, 2)
    def predict(x):
        return net(x).numpy()
    return predict
""") == [("TSL101", 5, 16, "certain")]


def test_a_lambda_and_a_partial_are_called() -> None:
    a, b = reveals(f"""
from functools import partial
{W}
double = lambda x: x * 2
def g(x): return x * 2
h = partial(g)
reveal(double(w), h(w))
""")
    assert a.requires_grad == b.requires_grad == "yes"


def test_a_global_that_a_function_assigns() -> None:
    x = reveal(f"""
{W}
best = None
def update():
    global best
    best = w
update()
reveal(best)
""")
    assert x.kind == "Tensor"


def test_a_generator_gives_what_it_yields() -> None:
    x, y = reveals(f"""
{W}
def batches():
    for _ in range(3):
        yield w, np.ones(3)

def again():
    yield from batches()

for x, a in batches():
    reveal(x)
for x, a in again():
    reveal(x)
""")
    assert x.requires_grad == y.requires_grad == "yes"


def test_a_decorator_of_the_project_wraps() -> None:
    x = reveal("""
import functools

def detached(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs).detach()
    return wrapper

@detached
def predict(x):
    return nn.Linear(2, 2)(x)

reveal(predict(torch.ones(2)))
""")
    assert x.requires_grad == "no"


def test_a_decorator_of_a_library_leaves_the_function_as_it_is() -> None:
    x = reveal("""
import functools

@functools.lru_cache(maxsize=None)
def predict():
    return nn.Linear(2, 2)(torch.ones(2))

reveal(predict())
""")
    assert x.requires_grad == "yes"


def test_a_function_whose_every_path_raises_ends_nothing_for_its_caller() -> None:
    x = reveal("""
def forward(x):
    raise NotImplementedError

y = forward(torch.ones(3))
reveal(y)
""")
    assert x.kind == "Unknown"


@pytest.mark.parametrize(
    "text",
    [
        "def f(x): return f(x).numpy()",
        "def f(x): return f(f(f(x)))\nf(torch.ones(3)).numpy()",
        "def f(x): return g(x).numpy()\ndef g(x): return f(x).numpy()\nf(torch.ones(3))",
        "def f(x, n=3):\n    if n == 0: return x.numpy()\n    return f(x, n - 1)\nf(torch.ones(3, requires_grad=True))",
        "class A:\n    def a(self, x): return self.b(x)\n    def b(self, x): return self.a(x.numpy())",
        "def make(f): return make(lambda x: f(f(x)))\nmake(lambda x: x.numpy())",
        "f = lambda g: g(g)\nf(f)",
        "class A(A): pass\nA().x.numpy()",
        "class A(B): pass\nclass B(A): pass\nB().x.numpy()",
        "xs = []\nxs.append(xs)\nnp.mean(xs)\nfor x in xs: print(x.numpy())",
        "d = {}\nd['d'] = d\nnp.mean(d['d']['d'])",
        "class Node: pass\nn = Node()\nn.next = n\nn.next.next.x.numpy()",
        "class N(nn.Module):\n    def forward(self, x): return self.me(x).numpy()\nn = N()\nn.me = n\nn(torch.ones(2))",
        "def decorate(f): return decorate(f)\n@decorate\ndef g(x): return x.numpy()",
        "def g():\n    yield from g()\nfor x in g(): x.numpy()",
    ],
)
def test_what_leads_back_to_itself_ends(text: str) -> None:
    started = time.perf_counter()
    events("\n" + text + "\n")
    assert time.perf_counter() - started < 2


def test_recursion_keeps_what_the_other_returns_give() -> None:
    x = reveal(f"""
{W}
def f(n):
    if n == 0:
        return w
    return f(n - 1)

reveal(f(depth()))
""")
    assert x.requires_grad == "yes"


def test_evidence_leads_from_the_origin_through_the_calls() -> None:
    assert evidence("""
net = nn.Linear(2, 2)

def to_array(tensor):
    return tensor.numpy()

def predict(x):
    y = net(x)
    return to_array(y)
""") == [
        "2: `nn.Linear(2, 2)` has parameters that require grad",
        "8: output of `net` (nn.Linear), whose parameters require grad",
        "9: `y` is passed to `to_array` as `tensor`",
        "9: `to_array` is called here",
    ]


def test_findings_do_not_depend_on_the_order_of_definitions() -> None:
    parts = [
        """
def to_array(tensor):
    return tensor.numpy()
""",
        """
def predict(net, x):
    return to_array(net(x))
""",
        """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(2, 2)

    def forward(self, x):
        return self.l(x)

    def run(self):
        return predict(self, self.x)
""",
        """
class Trainer:
    def fit(self):
        self.losses.append(Net()(torch.ones(2)).sum())

    def report(self):
        return np.mean(self.losses)

    def __init__(self):
        self.losses = []
""",
    ]
    found = set()
    for order in itertools.permutations(parts):
        text = "".join(order)
        lines = text.split("\n")
        found.add(tuple(sorted((code, lines[line - 1], column, how) for code, line, column, how in findings(text))))
    assert len(found) == 1
    assert [text.strip() for _, text, *_ in found.pop()] == ["return np.mean(self.losses)", "return tensor.numpy()"]


def test_a_decorator_that_hands_its_function_on_does_not_call_it() -> None:
    assert evidence("""
def registered(f):
    hub.register(f)
    return f
@registered
def g(x: torch.Tensor):
    x.unsqueeze(0)
    return x
""") == ["6: `x` is annotated as a Tensor"]


@pytest.mark.parametrize(
    "partial",
    [
        "partial(f, net, scale=2)",
        "partial(partial(f, net), scale=2)",
        "partial(f, scale=2, net=net)",
        "partial(A().f, net)",
    ],
)
def test_what_partial_gives_comes_before_what_the_call_gives(partial: str) -> None:
    y = reveal(f"""
from functools import partial

def f(net, x=None, scale=1):
    return net(x)

class A:
    def f(self, net, x):
        return net(x)

net = nn.Linear(2, 2)
g = {partial}
reveal(g(x=torch.ones(2)))
""")
    assert (y.kind, y.requires_grad) == ("Tensor", "yes")


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ("1", "Array | Tensor | scalar"),
        ("1, dtype=2", "Array"),
        ("1, 2", "Array | scalar"),
        ("1, 2, 3", "scalar"),
        ("*more", "Array | Tensor | scalar"),
        ("1, **more", "Array | Tensor | scalar"),
        ("1, other=3", "scalar"),
    ],
)
def test_a_function_that_does_not_take_the_arguments_is_not_meant(arguments: str, kind: str) -> None:
    assert (
        reveal(f"""
def narrow(x):
    return torch.ones(1)
def wide(x, dtype=None):
    return np.ones(1)
def anything(*args, other=None):
    return np.float64(1)
f = narrow if flag() else wide if flag() else anything
reveal(f({arguments}))
""").kind
        == kind
    )


def test_a_method_takes_its_receiver_beside_the_arguments() -> None:
    assert (
        reveal("""
class A:
    def f(self, x):
        return torch.ones(1)
    @staticmethod
    def g(x):
        return np.ones(1)
    @classmethod
    def h(cls, x):
        return np.float64(1)
a = A()
f = a.f if flag() else a.g if flag() else A.h
reveal(f(1))
""").kind
        == "Array | Tensor | scalar"
    )
