"""Loops over every entry of a container: what they assign to the entry that they are at, all entries are."""

from __future__ import annotations

import pytest
from reveal import findings, reveal, reveals

PARTS = "a, b = torch.ones(3).cuda(), torch.ones(3).cuda()"
DICT = "x = {'a': a, 'b': b}"
LIST = "x = [a, b]"
ANY_DICT = "x = {k: a for k in keys()}"
ANY_LIST = "x = [a for _ in keys()]"


@pytest.mark.parametrize("made", [DICT, ANY_DICT])
@pytest.mark.parametrize(
    "loop",
    [
        "for k in x: x[k] = x[k].cpu()",
        "for k in list(x): x[k] = x[k].cpu()",
        "for k in x.keys(): x[k] = x[k].cpu()",
        "for k in sorted(x.keys()): x[k] = x[k].cpu()",
        "for k, v in x.items(): x[k] = v.cpu()",
        "for k, v in list(x.items()): x[k] = v.cpu()",
        "for k, v in x.items():\n    if isinstance(v, torch.Tensor): x[k] = v.cpu()",
        "for k in x:\n    if torch.is_tensor(x[k]): x[k] = x[k].cpu()",
        "for k, v in x.items():\n    if not isinstance(v, torch.Tensor): continue\n    x[k] = v.cpu()",
        "for k in x:\n    x[k] = x[k] * 2\n    x[k] = x[k].cpu()",
        "for k, v in x.items():\n    if flag(): x[k] = v.cpu()\n    else: x[k] = v.cpu() + 1",
    ],
)
def test_every_entry_of_a_dict_is_replaced(made: str, loop: str) -> None:
    assert reveal(f"\n{PARTS}\n{made}\n{loop}\nreveal(x['a'])\n").device == "no"


@pytest.mark.parametrize("made", [LIST, ANY_LIST])
@pytest.mark.parametrize(
    "loop",
    [
        "for i in range(len(x)): x[i] = x[i].cpu()",
        "for i, v in enumerate(x): x[i] = v.cpu()",
        "for i, v in enumerate(x): x[i] = x[i].cpu()",
    ],
)
def test_every_item_of_a_list_is_replaced(made: str, loop: str) -> None:
    assert reveal(f"\n{PARTS}\n{made}\n{loop}\nreveal(x)\n").element.device == "no"


@pytest.mark.parametrize("made", [ANY_DICT, DICT])
@pytest.mark.parametrize(
    "loop",
    [
        "for k in x:\n    if flag(): x[k] = x[k].cpu()",
        "for k in x:\n    x[k] = x[k].cpu()\n    if flag(): break",
        "for k in x:\n    if flag(): continue\n    x[k] = x[k].cpu()",
        "for k in x:\n    k = other()\n    x[k] = x[k].cpu()",
        "for k in y():\n    x[k] = x[k].cpu()",
    ],
)
def test_an_entry_that_may_be_left_out_may_be_as_it_was(made: str, loop: str) -> None:
    assert reveal(f"\n{PARTS}\n{made}\n{loop}\nreveal(x['b'])\n").device in ("maybe", "yes")


BATCHES = [
    "for batch in torch.utils.data.DataLoader(dataset()):",
    "batch = next(iter(torch.utils.data.DataLoader(dataset())))\nif True:",
    "def f(batch):",
]


@pytest.mark.parametrize("start", BATCHES)
@pytest.mark.parametrize(
    "loop",
    [
        "for k in batch: batch[k] = batch[k].to('cuda')",
        "for k in batch.keys(): batch[k] = batch[k].to('cuda', non_blocking=True)",
        "for k, v in batch.items(): batch[k] = v.to('cuda')",
        "for k, v in batch.items():\n        if isinstance(v, torch.Tensor): batch[k] = v.to('cuda')",
        "for k in batch:\n        if torch.is_tensor(batch[k]): batch[k] = batch[k].to('cuda')",
        "for i in range(len(batch)): batch[i] = batch[i].to('cuda')",
        "for i, v in enumerate(batch): batch[i] = v.cuda()",
    ],
)
def test_a_batch_that_is_not_seen_being_made_is_moved_entry_by_entry(start: str, loop: str) -> None:
    assert reveal(f"\n{start}\n    {loop}\n    reveal(batch['x'])\n").device == "yes"


@pytest.mark.parametrize("start", BATCHES)
@pytest.mark.parametrize(
    "loop",
    [
        "for k in batch:\n        if k != 'x': batch[k] = batch[k].to('cuda')",
        "for k, v in batch.items():\n        if v.dim() > 1: batch[k] = v.to('cuda')",
        "for k in ['a', 'b']: batch[k] = batch[k].to('cuda')",
        "for k in batch:\n        moved = batch[k].to('cuda')",
    ],
)
def test_what_may_be_left_of_a_batch_is_not_taken_to_be_moved(start: str, loop: str) -> None:
    text = f"\n{start}\n    {loop}\n    print(np.sum(batch['x'].numpy()))\n"
    assert not findings(text)


def test_an_array_that_is_filled_item_by_item_stays_an_array() -> None:
    filled, given = reveals("""
out = np.zeros(3)
for i in range(len(out)):
    out[i] = torch.ones(3).cuda().sum()
reveal(out)

def f(out, net):
    for i in range(len(out)):
        out[i] = net(torch.ones(3).cuda())
    reveal(out)
""")
    assert (filled.kind, given.kind) == ("Array", "Unknown")


def test_what_is_no_tensor_stays_beside_the_tensors() -> None:
    tensor, number = reveals("""
x = {'x': torch.ones(3), 'id': 7}
for k, v in x.items():
    if isinstance(v, torch.Tensor):
        x[k] = v.cuda()
reveal(x['x'], x['id'])
""")
    assert (tensor.device, number.kind) == ("yes", "7")


@pytest.mark.parametrize(
    "loop",
    [
        "y = {k: v * 2 for k, v in x.items()}",
        "y = {k: x[k] * 2 for k in x}",
        "y = {}\nfor k, v in x.items(): y[k] = v * 2",
        "y = {}\nfor k in x.keys(): y[k] = x[k] * 2",
        "y = dict(x)\nfor k in ('a', 'b'): y[k] = y[k] * 2",
        "y = {k: v for k, v in x.items() if k != 'c'}",
    ],
)
def test_entries_whose_keys_are_known_are_kept_apart(loop: str) -> None:
    moved, left = reveals(f"""
x = {{'a': torch.ones(3).cuda(), 'b': torch.ones(3)}}
{loop}
reveal(y['a'], y['b'])
""")
    assert (moved.device, left.device) == ("yes", "no")
