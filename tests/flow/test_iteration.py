"""Iterating over objects of the project and over loaders: what ``__iter__`` gives, and what a loader collates."""

from __future__ import annotations

import pytest
from reveal import findings, reveal, reveals

MOVING = """
class Moving:
    def __init__(self, loader):
        self.loader = loader

    def __len__(self):
        return len(self.loader)

    {method}

made = Moving([(torch.ones(3), torch.zeros(3)) for _ in range(4)])
"""
GENERATOR = "def __iter__(self):\n        for x, y in self.loader:\n            yield x.cuda(), y"
RETURNED = "def __iter__(self):\n        return ((x.cuda(), y) for x, y in self.loader)"
NEXT = """def __iter__(self):
        self.left = iter(self.loader)
        return self

    def __next__(self):
        x, y = next(self.left)
        return x.cuda(), y"""
GETITEM = "def __getitem__(self, index):\n        x, y = self.loader[index]\n        return x.cuda(), y"


@pytest.mark.parametrize("method", [GENERATOR, RETURNED, NEXT, GETITEM])
@pytest.mark.parametrize(
    "use",
    [
        "for x, y in made:\n    pass",
        "for i, (x, y) in enumerate(made):\n    pass",
        "x, y = next(iter(made))",
        "x, y = list(made)[0]",
        "for (x, y), z in zip(made, range(3)):\n    pass",
        "x = [p for p, q in made][0]; y = [q for p, q in made][0]",
        "for batch in made:\n    x, y = batch",
    ],
)
def test_an_object_gives_what_its_methods_give(method: str, use: str) -> None:
    x, y = reveals(MOVING.format(method=method) + f"{use}\nreveal(x, y)\n")
    assert (x.device, y.device) == ("yes", "no")


DATA = """
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset, TensorDataset, random_split
from functools import partial
from typing import NamedTuple

class Pair(NamedTuple):
    x: torch.Tensor
    y: int

class Rows(Dataset):
    def __init__(self, x):
        self.x = x.cuda()

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return {given}

rows = Rows(torch.ones(4, 3))
"""


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("self.x[index]", "x = batch"),
        ("self.x[index], index", "x, y = batch"),
        ("[self.x[index], index]", "x, y = batch"),
        ("{'x': self.x[index], 'y': 1.0}", "x, y = batch['x'], batch['y']"),
        ("dict(x=self.x[index], y=np.ones(3))", "x, y = batch['x'], batch['y']"),
        ("(self.x[index], (1, index))", "x, (z, y) = batch"),
        ("Pair(self.x[index], 1)", "x, y = batch.x, batch.y"),
    ],
)
def test_a_loader_stacks_samples_in_their_structure(given: str, taken: str) -> None:
    x, y = reveals(
        f"{DATA.replace('{given}', given)}y = torch.ones(3)\n"
        f"for batch in DataLoader(rows, batch_size=2):\n    {taken}\nreveal(x, y)\n"
    )
    assert (x.kind, x.device) == ("Tensor", "yes")
    assert (y.kind, y.device, y.requires_grad) == ("Tensor", "no", "no")


@pytest.mark.parametrize(
    "made",
    [
        "Subset(rows, [0])",
        "random_split(rows, [2, 2])[0]",
        "TensorDataset(torch.ones(4, 3).cuda(), torch.ones(4))",
        "[(torch.ones(3).cuda(), 1)] * 4",
        "[(torch.ones(3).cuda(), i) for i in range(4)]",
    ],
)
def test_data_sets_of_torch_and_lists_are_loaded(made: str) -> None:
    x, y = reveals(
        DATA.replace("{given}", "self.x[index], index")
        + f"for x, y in DataLoader({made}, batch_size=2): pass\nreveal(x, y)\n"
    )
    assert (x.device, y.device) == ("yes", "no")


COLLATES = """
def collate(samples, device='cuda'):
    xs, ys = zip(*samples)
    return torch.stack(xs).to(device), torch.tensor(ys)

class Collate:
    def __init__(self, device):
        self.device = device

    def __call__(self, samples):
        return collate(samples, self.device)

    def method(self, samples):
        return self(samples)
"""


@pytest.mark.parametrize(
    "function",
    [
        "collate",
        "lambda samples: collate(samples)",
        "Collate('cuda')",
        "Collate('cuda').method",
    ],
)
def test_a_collate_function_makes_the_batch(function: str) -> None:
    x, y = reveals(f"""{COLLATES}
data = [(torch.ones(3), 1) for _ in range(4)]
for x, y in torch.utils.data.DataLoader(data, batch_size=2, collate_fn={function}):
    pass
reveal(x, y)
""")
    assert (x.device, y.device) == ("yes", "no")


def test_each_pass_of_a_loop_gets_a_batch_that_nothing_was_done_to() -> None:
    assert not findings("""
data = [{'x': torch.ones(3), 'y': torch.ones(3)} for _ in range(4)]
seen = []
for batch in torch.utils.data.DataLoader(data, batch_size=2):
    seen.append(batch['y'].numpy())
    for key in batch:
        batch[key] = batch[key].cuda()
    batch['x'].mul_(2)
""")


def test_what_is_not_known_of_a_data_set_is_on_the_cpu() -> None:
    x, y = reveals("""
class Images(torch.utils.data.Dataset):
    def __init__(self, paths, transform):
        self.paths, self.transform = paths, transform

    def __getitem__(self, index):
        return self.transform(load(self.paths[index])), index

def train(paths, transform):
    for x, y in torch.utils.data.DataLoader(Images(paths, transform)):
        reveal(x, y)
""")
    assert (x.kind, x.device, x.requires_grad) == ("Tensor", "no", "no")
    assert (y.kind, y.device) == ("Tensor", "no")


@pytest.mark.parametrize("way", ["v.to('cuda') if isinstance(v, torch.Tensor) else v", "move(v)"])
def test_an_entry_that_may_be_text_is_not_taken_for_a_tensor(way: str) -> None:
    assert not findings(f"""
def move(x):
    return x.to("cuda") if hasattr(x, "to") else x

class Texts(torch.utils.data.Dataset):
    def __init__(self, texts, encode):
        self.texts, self.encode = texts, encode

    def __getitem__(self, index):
        return {{"ids": torch.tensor(self.encode(self.texts[index])), "text": self.texts[index]}}

def show(texts, encode):
    for batch in torch.utils.data.DataLoader(Texts(texts, encode)):
        batch = {{k: {way} for k, v in batch.items()}}
        print(np.array(batch["text"]), batch["ids"].cpu().numpy())
""")


def test_default_collation_refuses_negative_strides() -> None:
    text = """
class Flipped(torch.utils.data.Dataset):
    def __getitem__(self, index):
        return np.ones((2, 2))[:, ::-1]{copied}, index

for x, y in torch.utils.data.DataLoader(Flipped()):
    print(x)
"""
    assert [(code, line) for code, line, _, _ in findings(text.format(copied=""))] == [("TSL301", 6)]
    assert not findings(text.format(copied=".copy()"))


@pytest.mark.parametrize(
    "sample", ["x[::-1]", "{'x': x[::-1]}", "(x[::-1], 1)", "{k: v[::-1] for k, v in {'x': x}.items()}"]
)
def test_collation_looks_into_the_samples(sample: str) -> None:
    text = "\nfrom torch.utils.data import default_collate\nx = np.ones((2, 2))\ndefault_collate([{sample}] * 2)\n"
    assert [line for code, line, _, _ in findings(text.replace("{sample}", sample)) if code == "TSL301"] == [4]
    assert not findings(text.replace("{sample}", sample.replace("[::-1]", "[::-1].copy()")))


def test_a_loader_is_asked_of_a_data_set_that_loads_itself() -> None:
    assert (
        reveal("""
class Endless(torch.utils.data.Dataset):
    def __init__(self):
        self.loader = torch.utils.data.DataLoader(self)

    def __getitem__(self, index):
        return next(iter(self.loader))

for x in torch.utils.data.DataLoader(Endless()):
    reveal(x)
""").kind
        == "Tensor"
    )


PIPELINE = """
class Flip:
    def __call__(self, x):
        return x[:, ::-1] if flag() else x

class ToTensor:
    def __call__(self, x):
        return torch.from_numpy(x)

class Copy:
    def __call__(self, x):
        return np.ascontiguousarray(x)

class Compose:
    def __init__(self, transforms):
        self.transforms = transforms

    def __call__(self, x):
        for transform in self.transforms:
            x = transform(x)
        return x

Compose([{steps}])(np.ones((2, 2)))
"""


@pytest.mark.parametrize(
    ("steps", "lines"),
    [("Flip(), ToTensor()", [8]), ("Flip(), Copy(), ToTensor()", []), ("Copy(), Flip(), ToTensor()", [8])],
)
def test_the_steps_of_a_pipeline_happen_in_their_order(steps: str, lines: list[int]) -> None:
    assert [line for code, line, _, _ in findings(PIPELINE.format(steps=steps)) if code == "TSL301"] == lines


@pytest.mark.parametrize("kept", ["torch.tensor(row)", "torch.as_tensor(row)"])
def test_what_a_data_set_does_to_what_it_keeps_is_there_at_the_next_visit(kept: str) -> None:
    found = findings(f"""
class Rows(torch.utils.data.Dataset):
    def __init__(self, rows):
        self.rows = [{kept} for row in rows]

    def __getitem__(self, index):
        row = self.rows[index].numpy()
        row += 1
        return row.copy()

for epoch in range(2):
    for batch in torch.utils.data.DataLoader(Rows(np.ones((4, 3)))):
        print(batch)
""")
    assert [(code, line) for code, line, _, _ in found] == [("TSL201", 8)]
