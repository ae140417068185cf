"""Where autograd records: contexts, decorators, statements, Lightning's evaluation hooks, bodies of Functions."""

from __future__ import annotations

import pytest
from reveal import findings, reveal, reveals

MODES = [
    ("torch.no_grad()", "no"),
    ("torch.inference_mode()", "no"),
    ("torch.autograd.no_grad()", "no"),
    ("torch.set_grad_enabled(False)", "no"),
    ("torch.enable_grad()", "yes"),
    ("torch.set_grad_enabled(True)", "yes"),
    ("torch.inference_mode(False)", "yes"),
    ("torch.inference_mode(mode=False)", "yes"),
    ("torch.set_grad_enabled(training)", "maybe"),
    ("open('file')", "yes"),
]


@pytest.mark.parametrize(("context", "requires_grad"), MODES)
def test_a_context_decides_whether_results_require_grad(context: str, requires_grad: str) -> None:
    inside, after = reveals(f"""
def f(training):
    w = torch.ones(3, requires_grad=True)
    with {context}:
        reveal(w * 2)
    reveal(w * 2)
""")
    assert inside.requires_grad == requires_grad
    assert after.requires_grad == "yes"


def test_a_leaf_keeps_what_it_is_under_no_grad() -> None:
    leaf, made = reveals("""
w = torch.ones(3, requires_grad=True)
with torch.no_grad():
    reveal(w, torch.ones(3, requires_grad=True))
""")
    assert leaf.requires_grad == made.requires_grad == "yes"


def test_contexts_nest() -> None:
    inner, outer = reveals("""
w = torch.ones(3, requires_grad=True)
with torch.no_grad():
    with torch.enable_grad():
        reveal(w * 2)
    reveal(w * 2)
""")
    assert (inner.requires_grad, outer.requires_grad) == ("yes", "no")


def test_one_of_several_contexts_is_enough() -> None:
    x = reveal("""
w = torch.ones(3, requires_grad=True)
with open("log") as log, torch.no_grad():
    reveal(w * 2)
""")
    assert x.requires_grad == "no"


def test_set_grad_enabled_as_a_statement_holds_from_there_on() -> None:
    off, on = reveals("""
w = torch.ones(3, requires_grad=True)
torch.set_grad_enabled(False)
reveal(w * 2)
torch.set_grad_enabled(True)
reveal(w * 2)
""")
    assert (off.requires_grad, on.requires_grad) == ("no", "yes")


@pytest.mark.parametrize(
    "decorator",
    [
        "torch.no_grad()",
        "torch.no_grad",
        "torch.inference_mode()",
        "torch.inference_mode",
        "torch.set_grad_enabled(False)",
    ],
)
def test_a_decorator_switches_a_function_off(decorator: str) -> None:
    called, by_itself = reveals(f"""
w = torch.ones(3, requires_grad=True)

@{decorator}
def f(x):
    return x * w

@{decorator}
def g():
    reveal(w * 2)

reveal(f(w))
""")
    assert called.requires_grad == by_itself.requires_grad == "no"


def test_a_decorator_that_switches_on_wins_over_the_caller() -> None:
    x = reveal("""
@torch.enable_grad()
def f(x):
    return x * 2

with torch.no_grad():
    y = f(torch.ones(3, requires_grad=True))
reveal(y)
""")
    assert x.requires_grad == "yes"


def test_a_decorator_of_the_project_that_runs_without_grad_switches_off() -> None:
    x = reveal("""
def frozen(function):
    def wrapper(*args):
        with torch.no_grad():
            return function(*args)
    return wrapper

@frozen
def f(x):
    return x * torch.ones(3, requires_grad=True)

reveal(f(torch.ones(3)))
""")
    assert x.requires_grad == "no"


def test_the_mode_of_the_caller_holds_in_the_callee_and_ends_with_the_call() -> None:
    inside, after = reveals("""
def f(x):
    return x * torch.ones(3, requires_grad=True)

with torch.no_grad():
    y = f(torch.ones(3))
reveal(y)
reveal(f(torch.ones(3)))
""")
    assert (inside.requires_grad, after.requires_grad) == ("no", "yes")


def test_the_mode_at_the_conversion_counts_not_where_the_tensor_was_made() -> None:
    assert findings("""
y = nn.Linear(2, 2)(torch.ones(2))
with torch.no_grad():
    a = y.numpy()
    z = y * 2
b = z.numpy()
c = y.numpy()
""") == [("TSL101", 7, 5, "certain")]


def test_eval_does_not_stop_gradients() -> None:
    y = reveal("""
net = nn.Linear(2, 2)
net.eval()
reveal(net(torch.ones(2)))
""")
    assert y.requires_grad == "yes"


@pytest.mark.parametrize(
    ("hook", "requires_grad"),
    [
        ("validation_step", "no"),
        ("test_step", "no"),
        ("predict_step", "no"),
        ("on_validation_epoch_end", "no"),
        ("training_step", "yes"),
        ("on_train_epoch_end", "yes"),
    ],
)
def test_lightning_calls_its_evaluation_hooks_without_grad(hook: str, requires_grad: str) -> None:
    y = reveal(f"""
import lightning.pytorch as pl

class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def {hook}(self, batch, batch_idx):
        reveal(self.layer(batch))
""")
    assert y.requires_grad == requires_grad


def test_a_method_that_is_only_called_like_a_hook_records() -> None:
    y = reveal("""
class Trainer:
    def validation_step(self, batch):
        reveal(nn.Linear(2, 2)(batch))
""")
    assert y.requires_grad == "yes"


def test_no_graph_is_recorded_inside_an_autograd_function() -> None:
    assert not findings("""
class Sort(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        w = torch.ones(3, requires_grad=True) * x
        return torch.from_numpy(np.sort((w * 2).numpy()))
""")


def test_a_function_that_only_no_grad_callers_reach_is_quiet() -> None:
    text = """
net = nn.Linear(2, 2)

def predict(x):
    return net(x).numpy()

with torch.no_grad():
    predict(torch.ones(2))
"""
    assert not findings(text)
    assert findings(text + "predict(torch.zeros(2))\n") == [("TSL101", 5, 12, "certain")]
