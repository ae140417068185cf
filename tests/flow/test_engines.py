"""Engines of PyTorch-Ignite: what their process function returns is there for their handlers."""

from __future__ import annotations

import pytest
from reveal import evidence, findings, reveal, reveals

ENGINE = """
from ignite.engine import Engine, Events, create_supervised_trainer, create_supervised_evaluator
net = nn.Linear(2, 1).cuda()
def step(engine, batch):
    loss = net(batch).sum()
    return {returned}
trainer = Engine(step)
"""

RETURNED = [
    ("loss", "engine.state.output", ["TSL101", "TSL102"]),
    ("loss.detach()", "engine.state.output", ["TSL102"]),
    ("loss.detach().cpu()", "engine.state.output", []),
    ("loss.item()", "engine.state.output", []),
    ("{'loss': loss, 'steps': 1}", "engine.state.output['loss']", ["TSL101", "TSL102"]),
    ("{'loss': loss, 'steps': 1}", "engine.state.output['steps']", []),
    ("(loss, batch)", "engine.state.output[0]", ["TSL101", "TSL102"]),
    ("loss", "engine.state.epoch", []),
    ("loss", "engine.state.metrics['loss']", []),
]


@pytest.mark.parametrize(("returned", "read", "codes"), RETURNED)
def test_a_handler_reads_what_the_process_function_returned(returned: str, read: str, codes: list[str]) -> None:
    program = (
        ENGINE.format(returned=returned)
        + f"""
@trainer.on(Events.ITERATION_COMPLETED(every=10))
def log(engine):
    print(np.asarray({read}))
trainer.run(batches(), max_epochs=2)
"""
    )
    assert [code for code, *_ in findings(program)] == codes


@pytest.mark.parametrize(
    "registered",
    [
        "trainer.add_event_handler(Events.EPOCH_COMPLETED, log)",
        "trainer.on(Events.EPOCH_COMPLETED)(log)",
        "trainer.add_event_handler(Events.STARTED, other); trainer.add_event_handler(Events.COMPLETED, log)",
        "trainer.add_event_handler(Events.COMPLETED, lambda engine: log(engine))",
    ],
)
def test_a_handler_is_called_however_it_was_registered(registered: str) -> None:
    output = reveal(
        ENGINE.format(returned="loss")
        + f"""
def other():
    print("started")
def log(engine):
    reveal(engine.state.output)
{registered}
trainer.run(batches())
"""
    )
    assert (output.kind, output.requires_grad, output.device) == ("Tensor", "yes", "yes")


def test_a_handler_is_given_more_arguments() -> None:
    kinds = reveals(
        ENGINE.format(returned="loss")
        + """
def log(engine, more):
    reveal(more)
@trainer.on(Events.STARTED, np.ones(3))
def start(engine, more):
    reveal(more)
trainer.add_event_handler(Events.COMPLETED, log, torch.ones(3))
trainer.run(batches())
"""
    )
    assert [known.kind for known in kinds] == ["Tensor", "Array"]


@pytest.mark.parametrize(
    ("second", "codes"), [("torch.ones(3, requires_grad=True)", ["TSL101"]), ("torch.ones(3)", [])]
)
def test_a_function_that_is_called_twice_registers_its_handlers_twice(second: str, codes: list[str]) -> None:
    program = f"""
from ignite.engine import Engine, Events
def train(step):
    trainer = Engine(step)
    @trainer.on(Events.COMPLETED)
    def log(engine):
        print(np.asarray(engine.state.output))
    trainer.run(batches())
train(lambda engine, batch: 1)
train(lambda engine, batch: {second})
"""
    assert [code for code, *_ in findings(program)] == codes


def test_a_handler_that_was_not_registered_is_not_called() -> None:
    program = (
        ENGINE.format(returned="loss")
        + """
other = Engine(lambda engine, batch: batch)
@other.on(Events.COMPLETED)
def log(engine):
    print(np.asarray(engine.state.output))
trainer.run(batches())
"""
    )
    assert not findings(program)


def test_a_process_function_is_given_the_batches() -> None:
    batch, state = reveals("""
from ignite.engine import Engine
def step(engine, batch):
    reveal(batch)
    return batch
reveal(Engine(step).run([torch.ones(2), torch.ones(2)]).output)
""")
    assert (batch.kind, state.kind) == ("Tensor", "Tensor")


def test_a_supervised_trainer_keeps_the_loss_as_a_number() -> None:
    number, unknown = reveals(
        ENGINE.format(returned="loss")
        + """
reveal(create_supervised_trainer(net, optimizer, F.mse_loss).run(batches()).output)
reveal(create_supervised_trainer(net, optimizer, F.mse_loss, output_transform=f).run(batches()).output)
"""
    )
    assert (number.kind, unknown.kind) == ("Number", "Unknown")


def test_the_evidence_says_where_the_output_comes_from() -> None:
    steps = evidence(
        ENGINE.format(returned="loss.cpu()")
        + """
@trainer.on(Events.COMPLETED)
def log(engine):
    print(np.asarray(engine.state.output))
trainer.run(batches())
""",
        "TSL101",
    )
    assert any("kept as the `state.output` of the engine" in step for step in steps)
