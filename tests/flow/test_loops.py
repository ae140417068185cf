"""Loops run to a small fixpoint: what one pass leaves is there in the next, and the loop may not run at all."""

from __future__ import annotations

from reveal import findings, reveal, reveals


def test_what_a_pass_leaves_is_there_in_the_next() -> None:
    carried = reveal("""
state = torch.zeros(3)
net = nn.Linear(3, 3)
for _ in range(5):
    reveal(state)
    state = net(state)
""")
    assert carried.requires_grad == "maybe"


def test_two_steps_through_the_loop_are_followed() -> None:
    later = reveal("""
a = b = torch.zeros(3)
net = nn.Linear(3, 3)
for _ in range(5):
    reveal(a)
    a = b
    b = net(torch.zeros(3))
""")
    assert later.requires_grad == "maybe"


def test_a_loop_may_not_run_at_all() -> None:
    last = reveal("""
x = torch.zeros(3)
for _ in range(n()):
    x = torch.zeros(3, requires_grad=True)
reveal(x)
""")
    assert last.requires_grad == "maybe"


def test_a_loop_over_known_items_runs() -> None:
    last = reveal("""
x = torch.zeros(3)
for scale in (1, 2, 3):
    x = torch.zeros(3, requires_grad=True) * scale
reveal(x)
""")
    assert last.requires_grad == "yes"


def test_an_accumulator_that_starts_at_zero_becomes_a_tensor() -> None:
    total, average = reveals("""
total = 0
net = nn.Linear(3, 1)
for _ in range(10):
    total += net(torch.zeros(3)).mean()
reveal(total, total / 10)
""")
    assert total.kind == "0 | Tensor"
    assert total.requires_grad == "yes"
    assert average.requires_grad == "yes"


def test_break_and_continue_carry_their_state_out_of_the_body() -> None:
    broken, continued = reveals("""
x = y = torch.zeros(3)
for item in items():
    if item > 3:
        x = torch.zeros(3, requires_grad=True)
        break
    if item > 2:
        y = torch.zeros(3, requires_grad=True)
        continue
    x = y = torch.zeros(3)
reveal(x, y)
""")
    assert broken.requires_grad == "maybe"
    assert continued.requires_grad == "maybe"


def test_else_runs_where_the_loop_was_not_broken() -> None:
    x = reveal("""
for item in items():
    x = torch.zeros(3)
    break
else:
    x = torch.zeros(3, requires_grad=True)
reveal(x)
""")
    assert x.requires_grad == "maybe"


def test_while_true_ends_only_through_its_breaks() -> None:
    x = reveal("""
x = torch.zeros(3)
while True:
    x = torch.zeros(3, requires_grad=True)
    if done():
        break
reveal(x)
""")
    assert x.requires_grad == "yes"


def test_the_test_of_a_while_narrows() -> None:
    inside = reveal("""
x = None
if flag():
    x = torch.zeros(3, requires_grad=True)
while x is not None:
    reveal(x)
    x = x.next() if flag() else None
""")
    assert inside.kind == "Tensor"


def test_a_loader_gives_batches_whose_tensors_are_on_the_cpu() -> None:
    x, y, moved = reveals("""
loader = torch.utils.data.DataLoader(dataset(), batch_size=4)
for step, (x, y) in enumerate(loader):
    reveal(x, y, x.to("cuda"))
""")
    assert (x.kind, x.requires_grad, x.device) == ("Tensor", "no", "no")
    assert (y.requires_grad, moved.device) == ("no", "yes")


def test_a_loss_of_the_last_pass_is_seen_after_the_loop() -> None:
    assert findings("""
net = nn.Linear(3, 1)
for epoch in range(10):
    for x in torch.zeros(4, 3):
        loss = net(x).sum()
    print(loss.numpy())
""") == [("TSL101", 6, 11, "certain")]


def test_a_generator_that_never_ends_gives_its_yields() -> None:
    batch = reveal("""
def batches():
    while True:
        yield torch.zeros(3, requires_grad=True)

for batch in batches():
    reveal(batch)
""")
    assert batch.requires_grad == "yes"
