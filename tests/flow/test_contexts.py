"""The program's own contexts, and those that are kept, chosen or stacked: what they do to grad mode and to objects."""

from __future__ import annotations

import pytest
from reveal import evidence, findings, reveal, reveals

START = """
from contextlib import AsyncExitStack, ExitStack, contextmanager, nullcontext, suppress
w = torch.ones(3, requires_grad=True)
"""

OFF = {
    "a generator that yields inside no_grad": """
@contextmanager
def context():
    with torch.no_grad():
        yield
""",
    "one that cleans up": """
@contextmanager
def context():
    net = nn.Linear(2, 2).eval()
    try:
        with torch.inference_mode():
            yield net
    finally:
        net.train()
""",
    "one that sets the mode and sets it back": """
@contextmanager
def context():
    before = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    try:
        yield
    finally:
        torch.set_grad_enabled(before)
""",
    "one that is told": """
@contextmanager
def switched(enabled):
    before = torch.is_grad_enabled()
    torch.set_grad_enabled(enabled)
    yield
    torch.set_grad_enabled(before)
def context():
    return switched(False)
""",
    "one inside another": """
@contextmanager
def inner():
    with torch.no_grad():
        yield
@contextmanager
def context():
    with inner():
        yield
""",
    "a class that sets the mode": """
class context:
    def __enter__(self):
        self.before = torch.is_grad_enabled()
        torch.set_grad_enabled(False)
    def __exit__(self, *exception):
        torch.set_grad_enabled(self.before)
""",
    "a class that keeps a context": """
class context:
    def __init__(self):
        self.inner = torch.no_grad()
    def __enter__(self):
        self.inner.__enter__()
        return self
    def __exit__(self, *exception):
        self.inner.__exit__(*exception)
""",
    "a subclass of torch's": """
class context(torch.no_grad):
    pass
""",
    "a function that gives one": """
def context():
    return torch.no_grad()
""",
    "a class with a stack": """
class context:
    def __enter__(self):
        self.stack = ExitStack()
        self.stack.enter_context(torch.no_grad())
    def __exit__(self, *exception):
        self.stack.close()
""",
}


@pytest.mark.parametrize("definition", OFF.values(), ids=OFF)
def test_a_context_of_the_program_switches_off_until_it_is_left(definition: str) -> None:
    inside, after = reveals(f"""{START}{definition}
with context():
    reveal(w * 2)
reveal(w * 2)
""")
    assert (inside.requires_grad, after.requires_grad) == ("no", "yes")


ON = {
    "one that sets evaluation mode only": """
@contextmanager
def context():
    net.eval()
    yield net
    net.train()
""",
    "one whose no_grad is over at the yield": """
@contextmanager
def context():
    with torch.no_grad():
        w.zero_()
    yield
""",
    "one that is decorated": """
@contextmanager
@torch.no_grad()
def context():
    yield
""",
    "a class without effect": """
class context:
    def __enter__(self):
        return self
    def __exit__(self, *exception):
        pass
""",
}


@pytest.mark.parametrize("definition", ON.values(), ids=ON)
def test_a_context_of_the_program_that_does_nothing_to_the_mode(definition: str) -> None:
    inside = reveal(f"""{START}net = nn.Linear(2, 2){definition}
with context():
    reveal(w * 2)
""")
    assert inside.requires_grad == "yes"


def test_as_binds_what_is_yielded_and_what_enter_returns() -> None:
    one, other = reveals(f"""{START}
@contextmanager
def quiet(net):
    yield net

class Loud:
    def __enter__(self):
        return w

with quiet(nn.Linear(2, 2)) as net, Loud() as weight:
    reveal(net, weight)
""")
    assert (one.kind, other.requires_grad) == ("module", "yes")


@pytest.mark.parametrize(
    "context",
    [
        "nullcontext() if train else torch.no_grad()",
        "torch.enable_grad() if train else torch.no_grad()",
        "torch.no_grad() if not train else nullcontext()",
        "torch.set_grad_enabled(train)",
        "switched(train)",
    ],
)
def test_a_context_that_is_chosen_by_a_condition(context: str) -> None:
    unknown, training, evaluating = reveals(f"""{START}
@contextmanager
def switched(enabled):
    torch.set_grad_enabled(enabled)
    yield

def run(train):
    with {context}:
        y = w * 2
    reveal(y)
    if train:
        reveal(y)
    else:
        reveal(y)
""")
    assert (unknown.requires_grad, training.requires_grad, evaluating.requires_grad) == ("maybe", "maybe", "no")


def test_a_context_that_is_chosen_beforehand() -> None:
    training, evaluating = reveals(f"""{START}
def run(train):
    context = nullcontext() if train else torch.no_grad()
    with context:
        return w * 2

reveal(run(True), run(False))
""")
    assert (training.requires_grad, evaluating.requires_grad) == ("yes", "no")


def test_a_mode_that_is_set_by_a_parameter_is_known_where_the_parameter_is_tested() -> None:
    text = f"""{START}
def epoch(train):
    torch.set_grad_enabled(train)
    y = w * 2
    torch.set_grad_enabled(True)
    if train:
        return y.sum()
    return y.numpy()
"""
    assert not findings(text)
    assert findings(text.replace("if train", "if not train")) == [("TSL101", 11, 12, "likely")]


@pytest.mark.parametrize("stack", ["ExitStack", "AsyncExitStack"])
def test_what_is_entered_on_a_stack_holds_as_long_as_the_stack(stack: str) -> None:
    before, inside, after = reveals(f"""{START}
with {stack}() as stack:
    reveal(w * 2)
    stack.enter_context(torch.no_grad())
    reveal(w * 2)
reveal(w * 2)
""")
    assert (before.requires_grad, inside.requires_grad, after.requires_grad) == ("yes", "no", "yes")


def test_a_function_leaves_the_mode_that_it_sets() -> None:
    off, on = reveals(f"""{START}
def switch(mode):
    torch.set_grad_enabled(mode)

switch(False)
reveal(w * 2)
switch(True)
reveal(w * 2)
""")
    assert (off.requires_grad, on.requires_grad) == ("no", "yes")


def test_a_function_that_returns_inside_the_block_leaves_the_mode_as_it_was() -> None:
    after, looped = reveals(f"""{START}
def f():
    with torch.no_grad():
        return w * 2

f()
reveal(w * 2)
for i in range(3):
    with torch.no_grad():
        if i > 1:
            break
reveal(w * 2)
""")
    assert (after.requires_grad, looped.requires_grad) == ("yes", "yes")


def test_entering_and_leaving_do_what_they_do_to_objects() -> None:
    inside, after = reveals(f"""{START}
@contextmanager
def on_the_host(module):
    module.cpu()
    yield
    module.cuda()

net = nn.Linear(2, 2).cuda()
with on_the_host(net):
    reveal(net)
reveal(net)
""")
    assert (inside.place, after.place) == ("no", "yes")


def test_exit_does_what_it_does_to_objects() -> None:
    inside, after = reveals(f"""{START}
class OnTheHost:
    def __init__(self, module):
        self.module = module
    def __enter__(self):
        return self.module.cpu()
    def __exit__(self, *exception):
        self.module.cuda()

net = nn.Linear(2, 2).cuda()
with OnTheHost(net) as host:
    reveal(host)
reveal(net)
""")
    assert (inside.place, after.place) == ("no", "yes")


WRAPPED = [
    "predict = torch.no_grad()(lambda x: net(x).numpy())",
    "predict = torch.no_grad(lambda x: net(x).numpy())",
    "predict = torch.inference_mode()(lambda x: net(x).numpy())",
    "predict = torch.set_grad_enabled(False)(lambda x: net(x).numpy())",
    "def predict(x): return net(x).numpy()\npredict = torch.no_grad()(predict)",
]


@pytest.mark.parametrize("wrapped", WRAPPED)
def test_a_function_that_is_wrapped_in_a_mode_runs_in_it(wrapped: str) -> None:
    text = f"""
net = nn.Linear(2, 2)
{wrapped}
a = predict(torch.ones(2))
b = net(torch.ones(2)).requires_grad
"""
    assert not findings(text)
    on = text.replace("no_grad", "enable_grad").replace("inference_mode", "enable_grad").replace("(False)", "(True)")
    assert [found[0] for found in findings(on)] == ["TSL101"]


def test_a_lambda_is_not_called_where_it_is_wrapped() -> None:
    assert (
        evidence("""
net = nn.Linear(2, 2)
predict = torch.enable_grad()(lambda x: net(x).numpy())
predict(torch.ones(2))
""")[-1]
        == "4: `<lambda>` is called here"
    )


def test_a_recursive_context_and_one_that_never_yields_do_no_harm() -> None:
    assert findings(f"""{START}
@contextmanager
def again(n):
    with again(n - 1):
        yield

@contextmanager
def never():
    if False:
        yield
    raise ValueError

with again(3), never():
    a = w.numpy()
""") == [("TSL101", 17, 9, "certain")]


def test_a_context_of_the_program_as_a_decorator() -> None:
    text = f"""{START}
from contextlib import ContextDecorator

class Off(ContextDecorator):
    def __enter__(self):
        torch.set_grad_enabled(False)
    def __exit__(self, *exception):
        torch.set_grad_enabled(True)

@Off()
def predict():
    return w.numpy()
"""
    assert not findings(text)
    assert findings(text.replace("(False)", "(True)")) == [("TSL101", 15, 12, "certain")]


def test_the_class_of_a_context_that_is_chosen_by_a_condition() -> None:
    unknown, evaluating = reveals(f"""{START}
def run(train=False):
    context = torch.no_grad if not train else nullcontext
    with context():
        y = w * 2
    reveal(y)
    if not train:
        reveal(y)
""")
    assert (unknown.requires_grad, evaluating.requires_grad) == ("maybe", "no")
