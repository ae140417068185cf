"""nn.Module: what one is, whether it is trained, where it is, what a call of it gives."""

from __future__ import annotations

import pytest
from reveal import evidence, findings, reveal, reveals

MADE = [
    "nn.Linear(2, 2)",
    "nn.Sequential(nn.Linear(2, 2), nn.ReLU())",
    "nn.Sequential(*[nn.Linear(2, 2) for _ in range(3)])",
    "nn.LSTM(2, 2)",
    "nn.DataParallel(nn.Linear(2, 2))",
    "torch.compile(nn.Linear(2, 2))",
    "nn.Linear(2, 2).eval()",
    "nn.Linear(2, 2).to('cuda')",
    "copy.deepcopy(nn.Linear(2, 2))",
]


@pytest.mark.parametrize("made", MADE)
def test_a_module_with_parameters_gives_what_requires_grad(made: str) -> None:
    net, y = reveals(f"""
net = {made}
reveal(net, net(torch.ones(2)))
""")
    assert (net.kind, net.trainable, y.requires_grad) == ("module", "yes", "yes")


@pytest.mark.parametrize(
    "made", ["nn.ReLU()", "nn.Dropout(0.5)", "nn.MSELoss()", "nn.Sequential(nn.ReLU(), nn.Flatten())"]
)
def test_a_module_without_parameters_gives_what_its_input_is(made: str) -> None:
    off, on = reveals(f"""
layer = {made}
reveal(layer(torch.ones(2)), layer(torch.ones(2, requires_grad=True)))
""")
    assert (off.requires_grad, on.requires_grad) == ("no", "yes")


TOLD = [
    ("nn.BatchNorm1d(2, affine=False)", "no"),
    ("nn.BatchNorm2d(2, 1e-5, 0.1, False)", "no"),
    ("nn.LayerNorm(2, elementwise_affine=False)", "no"),
    ("nn.RMSNorm(2, None, True)", "yes"),
    ("nn.GroupNorm(1, 2, affine=False)", "no"),
    ("nn.GroupNorm(1, 2, affine=learns())", "unknown"),
    ("nn.InstanceNorm1d(2)", "no"),
    ("nn.InstanceNorm1d(2, affine=True)", "yes"),
    ("nn.Embedding.from_pretrained(torch.eye(2))", "no"),
    ("nn.Embedding.from_pretrained(torch.eye(2), freeze=False)", "yes"),
    ("nn.EmbeddingBag.from_pretrained(torch.eye(2), False)", "yes"),
]


@pytest.mark.parametrize(("made", "trainable"), TOLD)
def test_an_argument_tells_whether_a_layer_has_parameters(made: str, trainable: str) -> None:
    layer, y = reveals(f"""
layer = {made}
reveal(layer, layer(torch.ones(1, 2)))
""")
    assert (layer.trainable, y.requires_grad) == (trainable, trainable)


def test_a_module_by_inheritance_runs_its_forward() -> None:
    y = reveal("""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, x):
        return self.layer(x), np.ones(3)

y, a = Net()(torch.ones(2))
reveal(y)
""")
    assert y.requires_grad == "yes"


def test_a_module_that_inherits_its_forward() -> None:
    net, y = reveals("""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)

    def forward(self, x):
        return self.layer(x)

class Wide(Net):
    pass

net = Wide()
reveal(net, net(torch.ones(2)))
""")
    assert (net.kind, net.trainable, y.requires_grad) == ("module", "yes", "yes")


def test_a_module_by_inheritance_of_inheritance() -> None:
    net, y = reveals("""
class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(2))

class Net(Base):
    def forward(self, x):
        return x * self.scale

net = Net()
reveal(net, net(torch.ones(2)))
""")
    assert (net.kind, net.trainable, y.requires_grad) == ("module", "yes", "yes")


@pytest.mark.parametrize("use", ["thing.parameters()", "thing.eval()", "thing.train()", "thing.train(False)"])
def test_a_module_is_recognised_by_what_is_done_with_it(use: str) -> None:
    y = reveal(f"""
def evaluate(thing, x):
    {use}
    reveal(thing(x))
""")
    assert y.requires_grad == "maybe"
    assert y.why()[0] == "3: `thing` is used as an nn.Module (its parameters, eval() or train())"


def test_a_name_alone_makes_no_module() -> None:
    y = reveal("""
def evaluate(model, net, x):
    reveal(model(x))
""")
    assert y.kind == "Unknown"
    assert not findings(
        """
def evaluate(model, x):
    return np.mean(model(x)), np.asarray(model(x))
""",
        "possible",
    )


def test_a_frozen_module_gives_what_its_input_is() -> None:
    for freeze in (
        "net.requires_grad_(False)",
        "for p in net.parameters(): p.requires_grad = False",
        "for p in net.parameters(): p.requires_grad_(False)",
        "for name, p in net.named_parameters(): p.requires_grad = False",
    ):
        net, off, on = reveals(f"""
net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
{freeze}
reveal(net, net(torch.ones(2)), net(torch.ones(2, requires_grad=True)))
""")
        assert (net.trainable, off.requires_grad, on.requires_grad) == ("no", "no", "yes"), freeze


def test_a_part_that_is_not_frozen_keeps_the_whole_trainable() -> None:
    net = reveal("""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Linear(2, 2)
        self.head = nn.Linear(2, 2)
        self.backbone.requires_grad_(False)

net = Net()
reveal(net)
""")
    assert net.trainable == "yes"


def test_unfreezing_makes_it_trainable_again() -> None:
    net = reveal("""
net = nn.Linear(2, 2)
net.requires_grad_(False)
net.requires_grad_(True)
reveal(net)
""")
    assert net.trainable == "yes"


def test_buffers_are_no_parameters_but_move_with_the_module() -> None:
    buffer, parameter, plain = reveals("""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(2))
        self.scale = nn.Parameter(torch.ones(2))
        self.plain = torch.zeros(2)

net = Net().to("cuda")
reveal(net.mean, net.scale, net.plain)
""")
    assert (buffer.requires_grad, buffer.device) == ("no", "yes")
    assert (parameter.requires_grad, parameter.device) == ("yes", "yes")
    assert (plain.requires_grad, plain.device) == ("no", "no")


def test_a_module_that_was_moved_gives_what_is_there() -> None:
    net, y, back = reveals("""
net = nn.Linear(2, 2)
net.to("cuda")
reveal(net, net(x()))
net.cpu()
reveal(net)
""")
    assert (net.place, y.device, back.place) == ("yes", "yes", "no")


def test_moving_the_whole_moves_its_parts() -> None:
    layer = reveal("""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])

net = Net().cuda()
for layer in net.layers:
    reveal(layer)
""")
    assert (layer.kind, layer.place, layer.trainable) == ("module", "yes", "yes")


def test_parameters_gives_leaves_that_share_the_modules_memory() -> None:
    p, named, weight = reveals("""
net = nn.Linear(2, 2)
for p in net.parameters():
    reveal(p)
for name, p in net.named_parameters():
    reveal(p)
reveal(net.weight)
""")
    assert p.requires_grad == named.requires_grad == weight.requires_grad == "yes"
    assert p.shares_with(named) == p.shares_with(weight) == "yes"


def test_an_optimizers_step_changes_the_parameters_that_it_was_given() -> None:
    text = """
net = nn.Linear(2, 2)
other = nn.Linear(2, 2)
optimizer = torch.optim.Adam([{{"params": {which}.parameters()}}])
weights = []
for _ in range(3):
    weights.append(net.weight.detach().numpy())
    optimizer.step()
print(weights)
"""
    assert findings(text.format(which="net")) == [("TSL203", 7, 20, "certain")]
    assert not findings(text.format(which="other"))


def test_a_copy_of_a_module_is_another_module() -> None:
    assert not findings("""
net = nn.Linear(2, 2)
best = copy.deepcopy(net)
optimizer = torch.optim.Adam(net.parameters())
weights = best.state_dict()
optimizer.step()
print(weights)
net.load_state_dict(best.state_dict())
""")


def test_outputs_with_fields_have_the_facts_of_the_output() -> None:
    logits, first = reveals("""
from transformers import AutoModelForCausalLM
model = AutoModelForCausalLM.from_pretrained("gpt2").to("cuda")
out = model(x())
reveal(out.logits, out[0])
""")
    assert (logits.requires_grad, logits.device) == ("yes", "yes")
    assert first.requires_grad == "yes"


def test_tokenizers_are_loaded_in_the_same_way_but_are_no_modules() -> None:
    y = reveal("""
from transformers import AutoTokenizer
tokenizer = AutoTokenizer.from_pretrained("gpt2")
reveal(tokenizer("text"))
""")
    assert y.kind == "Unknown"


def test_a_loss_is_computed_from_its_inputs() -> None:
    loss, functional = reveals("""
net = nn.Linear(2, 2)
criterion = nn.CrossEntropyLoss()
y = net(torch.ones(3, 2))
reveal(criterion(y, target()), F.mse_loss(y, target()))
""")
    assert loss.requires_grad == functional.requires_grad == "yes"


@pytest.mark.parametrize(
    "definition",
    [
        "class Net(nn.Linear):\n    def __init__(self): super().__init__(2, 2)",
        "class Net(nn.Sequential):\n    def __init__(self): super().__init__(nn.Linear(2, 2), nn.ReLU())",
        "class Net(nn.Sequential):\n    def __init__(self): super().__init__(*[nn.Linear(2, 2), nn.ReLU()])",
    ],
)
def test_a_subclass_of_a_librarys_module_has_its_parameters(definition: str) -> None:
    net, y = reveals(f"""
{definition}
net = Net()
reveal(net, net(torch.ones(2)))
""")
    assert (net.kind, net.trainable, y.requires_grad) == ("module", "yes", "yes")


def test_a_subclass_of_a_module_without_parameters_has_none() -> None:
    net = reveal("""
class Net(nn.ReLU):
    pass
reveal(Net())
""")
    assert net.trainable == "no"


def test_what_is_known_to_be_a_tensor_is_no_module_when_it_is_called() -> None:
    assert not findings("""
x = torch.ones(3, device="cuda")
y = x(torch.ones(3)).cpu().numpy()
""")


def test_the_evidence_speaks_of_a_move_only_where_something_was_moved() -> None:
    text = """
def f(thing, x):
    thing = thing.to("cuda")
    return thing(x).cpu().numpy()

def g(thing, x):
    thing.requires_grad_(True)
    return thing(x).numpy()
"""
    assert [found[:2] for found in findings(text)] == [("TSL101", 4), ("TSL101", 8)]
    assert evidence(text.partition("def g")[0])[0] == "4: `thing` was moved to a device and is called like an nn.Module"
    assert evidence("\n" + text[text.index("def g") :])[:2] == [
        "3: `thing.requires_grad_(True)` makes it require grad",
        "4: `thing` is called like an nn.Module",
    ]


@pytest.mark.parametrize("kind", ["nn.ParameterDict", "nn.ModuleDict"])
def test_entries_of_a_dict_of_parameters_or_modules(kind: str) -> None:
    one = "nn.Parameter(torch.ones(2))" if kind == "nn.ParameterDict" else "nn.Linear(2, 2)"
    by_items, by_values, by_key, unknown_key = reveals(f"""
def f(keys, key):
    parts = {kind}({{name: {one} for name in keys}})
    for name, part in parts.items():
        reveal(part)
    for part in parts.values():
        reveal(part)
    reveal(parts["a"], parts[key])
""")
    kind = "Tensor" if kind == "nn.ParameterDict" else "module"
    assert {by_items.kind, by_values.kind, by_key.kind, unknown_key.kind} == {kind}


def test_hasattr_tells_a_wrapper_from_what_it_wraps() -> None:
    wrapped, plain, unknown = reveals("""
class Wrapper(nn.Module):
    def __init__(self, module):
        super().__init__()
        self.module = module

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2)

def unwrap(model):
    return model.module if hasattr(model, "module") else model

reveal(unwrap(Wrapper(Net())).layer.weight, unwrap(Net()).layer.weight, unwrap(make()))
""")
    assert (wrapped.requires_grad, plain.requires_grad, unknown.kind) == ("yes", "yes", "Unknown")
    assert wrapped.kind == plain.kind == "Tensor"


FUNCTION = """
class Round(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, scale=1):
        {body}

    @staticmethod
    def backward(ctx, grad):
        return grad, None

x = torch.ones(3, requires_grad=True)
round_ = Round.apply
reveal(Round.apply(x, 2), round_(torch.ones(3)))
"""


@pytest.mark.parametrize(
    ("body", "requires_grad"),
    [
        ("return (x * scale).round()", "yes"),
        ("return torch.from_numpy(np.round(x.numpy()))", "yes"),
        ("return unseen(x)", "yes"),
        ("return x.long()", "no"),
        ("ctx.mark_non_differentiable(x); return x.round()", "maybe"),
    ],
)
def test_what_an_autograd_function_gives_requires_grad_if_an_input_does(body: str, requires_grad: str) -> None:
    text = FUNCTION.format(body=body)
    of_grad, of_none = reveals(text)
    assert (of_grad.requires_grad, of_none.requires_grad) == (requires_grad, "no")
    assert not findings(text.replace("reveal", "print"))


def test_evidence_names_the_part_of_a_module_that_has_no_name() -> None:
    assert (
        evidence("""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.probe = nn.Linear(2, 2)

np.sort(Net().probe.bias)
""")[-1]
        == "7: a parameter of `Net().probe` requires grad"
    )


def test_a_part_of_a_structure_that_is_picked_by_a_mask_is_a_structure() -> None:
    found = findings("""
class Boxes:
    def __init__(self, rows):
        self.rows = rows
def show(net, x):
    net.eval()
    boxes = net(x)
    large = boxes[boxes.rows[:, 0] > 0]
    if isinstance(large, Boxes):
        print(large.rows.numpy())
    print(np.asarray(boxes), np.asarray(boxes[0]))
""")
    assert [(code, line) for code, line, _, _ in found] == [("TSL101", 10), ("TSL101", 11)]
