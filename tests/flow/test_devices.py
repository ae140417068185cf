"""Devices: in variables, text, arguments, attributes of settings, f-strings; conditional moves."""

from __future__ import annotations

import pytest
from reveal import evidence, findings, fixed, reveal, reveals


@pytest.mark.parametrize(
    ("device", "where"),
    [
        ("'cpu'", "no"),
        ("'cuda'", "yes"),
        ("'cuda:1'", "yes"),
        ("'mps'", "yes"),
        ("0", "yes"),
        ("torch.device('cuda')", "yes"),
        ("torch.device('cuda', 0)", "yes"),
        ("torch.device('cpu')", "no"),
        ("torch.device(type='cuda')", "yes"),
        ("f'cuda:{rank()}'", "yes"),
        ("torch.device(f'cuda:{rank()}')", "yes"),
        ("'cuda' if torch.cuda.is_available() else 'cpu'", "maybe"),
        ("torch.device('cuda' if torch.cuda.is_available() else 'cpu')", "maybe"),
        ("torch.device('cuda:0') if torch.cuda.is_available() else torch.device('cpu')", "maybe"),
        ("other.device", "no"),
        ("gpu.device", "yes"),
        ("gpu", "yes"),
        ("pick()", "unknown"),
    ],
)
def test_where_a_move_goes(device: str, where: str) -> None:
    moved, moved_by_name, made = reveals(f"""
other = torch.ones(3)
gpu = torch.ones(3, device="cuda")
device = {device}
x = torch.ones(3)
reveal(x.to(device))
reveal(x.to(device=device))
reveal(torch.ones(3, device=device))
""")
    assert moved.device == moved_by_name.device == where
    if device != "gpu":
        assert made.device == where


@pytest.mark.parametrize(
    "move", ["x.cuda()", "x.cuda(0)", "x.to('cuda', non_blocking=True)", "x.to('cuda', torch.half)"]
)
def test_moves_to_the_gpu(move: str) -> None:
    assert (
        reveal(f"""
x = torch.ones(3)
reveal({move})
""").device
        == "yes"
    )


@pytest.mark.parametrize("keep", ["x.to(torch.float64)", "x.float()", "x * 2", "x[0]", "x.detach()", "torch.exp(x)"])
def test_what_stays_where_it_is(keep: str) -> None:
    assert (
        reveal(f"""
x = torch.ones(3, device="cuda")
reveal({keep})
""").device
        == "yes"
    )


@pytest.mark.parametrize(
    "back", ["x.cpu()", "x.to('cpu')", "x.to(torch.device('cpu'))", "x.detach().cpu()", "x.to(other)"]
)
def test_moves_back(back: str) -> None:
    assert (
        reveal(f"""
x = torch.ones(3, device="cuda")
other = torch.ones(3)
reveal({back})
""").device
        == "no"
    )


def test_a_conditional_move_is_a_maybe() -> None:
    text = """
def predict(x, use_cuda):
    x = torch.as_tensor(x)
    if use_cuda:
        x = x.cuda()
    return x.numpy()
"""
    assert findings(text) == [("TSL102", 6, 12, "likely")]
    assert evidence(text) == ["5: `x.cuda()` puts it on the GPU"]


def test_the_same_condition_moves_back() -> None:
    assert not findings("""
def predict(x, use_cuda):
    x = torch.as_tensor(x)
    if use_cuda:
        x = x.cuda()
    y = x * 2
    if use_cuda:
        y = y.cpu()
    return y.numpy()
""")


@pytest.mark.parametrize("device", ["device", "args.device", "self.device", "cfg['device']", "config.train.device"])
def test_a_device_that_is_chosen_elsewhere_may_be_a_gpu(device: str) -> None:
    x = reveal(f"""
class Trainer:
    def run(self, x, device, args, cfg, config):
        reveal(torch.ones(3).to({device}))
""")
    assert x.device == "maybe"
    assert f"4: moved to `{device}`, which is chosen elsewhere and may be a GPU" in x.why("device")


def test_a_device_in_an_attribute_is_known_in_other_methods() -> None:
    text = """
class Trainer:
    def __init__(self):
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.net = nn.Linear(2, 2).to(self.device)

    @torch.no_grad()
    def predict(self, x):
        return self.net(x.to(self.device)).numpy()
"""
    assert findings(text) == [("TSL102", 9, 16, "likely")]
    assert evidence(text) == [
        "4: the device may be 'cuda'",
        "5: `nn.Linear(2, 2).to(self.device)` moves it there",
        "9: output of `self.net` (nn.Linear), which is there",
    ]


def test_an_annotated_device_is_one_that_the_caller_chooses() -> None:
    x = reveal("""
def f(device: torch.device):
    reveal(torch.ones(3, device=device))
""")
    assert x.device == "maybe"
    assert x.why("device")[0] == "2: `device` is a device that the caller chooses and may be a GPU"


def test_a_default_of_a_parameter_counts_where_nothing_is_passed() -> None:
    by_default, given = reveals("""
def make(device="cuda"):
    return torch.ones(3, device=device)

reveal(make(), make("cpu"))
""")
    assert (by_default.device, given.device) == ("yes", "no")


@pytest.mark.parametrize(
    "test",
    ["x.device == 'cuda'", "'cpu' == x.device", "x.device != 'cpu'", "x.device in ('cuda', 'mps')", "d == 'cuda:0'"],
)
def test_a_torch_device_compared_with_text(test: str) -> None:
    found = findings(f"""
x = torch.ones(3)
d = torch.device("cuda:0")
same = {test}
""")
    assert [(code, line) for code, line, *_ in found] == [("TSL503", 4)]


@pytest.mark.parametrize(
    "test",
    [
        "x.device.type == 'cuda'",
        "str(x.device) == 'cuda'",
        "name == 'cuda'",
        "x.device == torch.device('cuda')",
        "x.is_cuda",
    ],
)
def test_comparisons_that_are_right(test: str) -> None:
    assert not findings(f"""
x = torch.ones(3)
name = "cuda"
same = {test}
""")


def test_the_device_of_settings_may_be_text() -> None:
    assert not findings("""
def f(args, config):
    if args.device == "cuda" or config.device == "cpu":
        return 1
""")


@pytest.mark.parametrize(
    "test",
    [
        'device != "cpu"',
        'device.type != "cpu"',
        'device.type == "cuda"',
        'str(device) != "cpu"',
        '"cuda" in device',
        'device.startswith("cuda")',
        'not device == "cpu"',
        'device.type in ("cuda", "mps")',
        'device != torch.device("cpu")',
    ],
)
def test_a_test_of_the_device_that_things_were_moved_to_tells_where_they_are(test: str) -> None:
    text = f"""
def f(x, device):
    x = torch.as_tensor(x).to(device)
    if {test}:
        x = x.cpu()
    return x.numpy()
"""
    assert not findings(text)
    assert findings(text.replace("x = x.cpu()", "x = x * 2")) == [("TSL102", 6, 12, "likely")]


def test_a_test_of_another_device_tells_nothing() -> None:
    assert findings("""
def f(x, device, other_device):
    x = torch.as_tensor(x).to(device)
    if other_device != "cpu":
        x = x.cpu()
    return x.numpy()
""") == [("TSL102", 6, 12, "likely")]
    assert findings("""
def f(x, device):
    x = torch.as_tensor(x).to(device)
    device = pick()
    if device != "cpu":
        x = x.cpu()
    return x.numpy()
""") == [("TSL102", 7, 12, "likely")]


def test_a_module_is_where_its_device_was_tested_to_be() -> None:
    assert not findings("""
class Runner:
    def __init__(self, device: str = "cpu"):
        self.device = device
        self.net = nn.Linear(2, 2).to(self.device)
    @torch.no_grad()
    def run(self, x):
        out = self.net(x.to(self.device))
        if self.device != "cpu":
            out = out.cpu()
        return out.numpy()
""")


@pytest.mark.parametrize("held", ["self.device", "self.options.device"])
def test_a_device_that_is_kept_elsewhere_is_the_one_that_things_were_moved_to(held: str) -> None:
    text = f"""
class Runner:
    def __init__(self, x, device):
        self.options = SimpleNamespace()
        {held} = device
        self.x = torch.as_tensor(x).to(device)
    def run(self):
        x = self.x
        if {held}.type != "cpu":
            x = x.cpu()
        return x.numpy()
"""
    assert not findings(text)
    assert findings(text.replace("x = x.cpu()", "x = x + 1")) == [("TSL102", 11, 16, "likely")]


def test_one_of_several_alternatives_may_be_on_a_gpu() -> None:
    assert findings("""
def f(x, gpu=None):
    if gpu is not None:
        x = x.cuda(gpu)
    return x.numpy()
""") == [("TSL102", 5, 12, "likely")]


@pytest.mark.parametrize("names", ["('cuda', 'mps')", "['cuda', 'mps']", "{'cuda', 'mps'}"])
def test_a_device_is_not_among_names_wherever_they_are_written(names: str) -> None:
    program = f"""
NAMES = {names}
x = torch.ones(3)
print(x.device in NAMES)
print(x.device.type in NAMES)
print(x.device in OTHERS, x.device in (1, 2), x.device in [x.device])
"""
    assert findings(program) == [("TSL503", 4, 7, "certain")]
    assert "print(x.device.type in NAMES)\nprint(x.device.type in NAMES)\n" in fixed(program)


@pytest.mark.parametrize("test", ["grouped is None", "not grouped is not None"])
def test_an_argument_that_is_asked_for_may_be_left_out_whatever_its_annotation_says(test: str) -> None:
    text = f"""
def f(grouped: bool, device: torch.device):
    if {test}:
        grouped = device == "cpu"
    return grouped
"""
    assert findings(text) == [("TSL503", 4, 19, "certain")]
