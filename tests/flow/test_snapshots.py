"""State dicts that are kept while a training goes on, and those that are used up at once."""

from __future__ import annotations

import pytest
from reveal import findings

TRAINED = """
def train(net):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(2):
        net(torch.ones(2)).sum().backward()
        optimizer.step()
    return net.state_dict()
net = nn.Linear(2, 2)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
best, lowest, states, table = None, 9.0, [], {}
"""

STALE = [
    # the best so far, used afterwards
    """
for epoch in range(3):
    loss = net(torch.ones(2)).sum()
    if loss.item() < lowest:
        best = net.state_dict()
    loss.backward()
    optimizer.step()
torch.save(best, "best.pt")
""",
    """
for epoch in range(3):
    loss = net(torch.ones(2)).sum()
    if loss.item() < lowest:
        best = {"epoch": epoch, "model": net.state_dict()}
    loss.backward()
    optimizer.step()
other = nn.Linear(2, 2)
other.load_state_dict(best["model"])
""",
    """
def fit():
    kept = None
    for epoch in range(3):
        loss = net(torch.ones(2)).sum()
        if kept is None or loss.item() < lowest:
            kept = net.state_dict()
        optimizer.step()
    return kept
fit()
""",
    # the history
    """
for epoch in range(3):
    train(net)
    states.append(net.state_dict())
torch.stack([state["weight"] for state in states])
""",
    """
for epoch in range(3):
    train(net)
    table[epoch] = net.state_dict()
print(table[2]["weight"] - table[0]["weight"])
""",
    """
for epoch in range(3):
    states.append(train(net))
print(states)
""",
    """
for epoch in range(3):
    net.load_state_dict(torch.load("start.pt"))
    states.append({"epoch": epoch, "model": train(net)})
print(states[0]["model"])
""",
]

FRESH = [
    # used at once
    """
for epoch in range(3):
    optimizer.step()
    torch.save(net.state_dict(), "last.pt")
""",
    """
for epoch in range(3):
    optimizer.step()
    if epoch % 2:
        checkpoint = {"epoch": epoch, "model": net.state_dict()}
        torch.save(checkpoint, "last.pt")
""",
    """
for epoch in range(3):
    optimizer.step()
    if epoch % 2:
        state = net.state_dict()
        torch.save(state, "last.pt")
""",
    """
for epoch in range(3):
    optimizer.step()
    table["model"] = net.state_dict()
    torch.save(table, "last.pt")
""",
    """
for epoch in range(3):
    loss = net(torch.ones(2)).sum()
    if best is None or loss.item() < lowest:
        best = net.state_dict()
        torch.save(best, "best.pt")
    optimizer.step()
""",
    # made when all is done
    """
for epoch in range(3):
    optimizer.step()
last = net.state_dict()
torch.save(last, "last.pt")
""",
    """
def worker():
    return train(nn.Linear(2, 2))
print(worker())
""",
    # follows on purpose
    """
table["model"] = net.state_dict()
for epoch in range(3):
    optimizer.step()
    torch.save(table, "last.pt")
""",
    # copies
    """
for epoch in range(3):
    train(net)
    states.append(copy.deepcopy(net.state_dict()))
    if epoch % 2:
        best = {key: value.clone() for key, value in net.state_dict().items()}
print(states, best)
""",
    # each is another module's
    """
for seed in range(3):
    member = nn.Linear(2, 2)
    train(member)
    states.append(member.state_dict())
print(states)
""",
    """
for client in [nn.Linear(2, 2) for _ in range(3)]:
    states.append(train(client))
print(states)
""",
    """
for client in range(3):
    states.append(train(copy.deepcopy(net)))
print(states)
""",
    """
for client in (net, nn.Linear(2, 2)):
    states.append(train(client))
print(states)
""",
    """
class Client:
    def __init__(self):
        self.net = nn.Linear(2, 2)
    def fit(self):
        return train(self.net)
clients = [Client() for _ in range(3)]
for client in clients:
    states.append(client.fit())
print(states)
""",
    """
def members():
    for _ in range(3):
        yield nn.Linear(2, 2)
for member in members():
    state = train(member)
    if lowest:
        best = state
print(best)
""",
]


@pytest.mark.parametrize("text", STALE)
def test_a_state_that_is_kept_goes_stale(text: str) -> None:
    assert [code for code, *_ in findings(TRAINED + text)] == ["TSL203"]


@pytest.mark.parametrize("text", FRESH)
def test_a_state_that_is_used_at_once_or_of_another_module_does_not(text: str) -> None:
    assert not findings(TRAINED + text)
