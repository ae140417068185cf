"""Metrics of torchmetrics and Ignite: what they give is where they are, and rarely requires grad."""

from __future__ import annotations

import pytest

from tests.flow.reveal import findings, reveal

IMPORT = (
    "import torchmetrics; from torchmetrics.classification import MulticlassAccuracy; from ignite.metrics import Loss"
)


@pytest.mark.parametrize(
    ("metric", "call", "grad", "device"),
    [
        ("torchmetrics.MeanSquaredError().cuda()", "metric(x, y)", "yes", "yes"),
        ("torchmetrics.MeanSquaredError().cuda()", "metric.compute()", "no", "yes"),
        ("torchmetrics.MeanSquaredError()", "metric.compute()", "no", "no"),
        ("torchmetrics.regression.MeanSquaredError().cuda()", "metric.compute()", "no", "yes"),
        ("MulticlassAccuracy(3).to('cuda')", "metric(x, y)", "no", "yes"),
        ("MulticlassAccuracy(3).to('cuda')", "metric.to('cpu').compute()", "no", "no"),
        ("torchmetrics.Accuracy(task='binary')", "metric(x, y)", "no", "yes"),
    ],
)
def test_a_metric_gives_its_result_where_it_is(metric: str, call: str, grad: str, device: str) -> None:
    known = reveal(f"""
{IMPORT}
metric = {metric}
x = torch.rand(4, requires_grad=True, device="cuda")
y = torch.rand(4, device="cuda")
reveal({call})
""")
    assert (known.kind, known.requires_grad, known.device) == ("Tensor", grad, device)


def test_a_metric_on_the_gpu_is_no_array() -> None:
    found = findings(f"""
{IMPORT}
accuracy = MulticlassAccuracy(num_classes=3).to("cuda")
def evaluate(batches):
    for x, y in batches:
        accuracy.update(x, y)
    return accuracy.compute().numpy()
def evaluate_well(batches):
    for x, y in batches:
        accuracy.update(x, y)
    return accuracy.compute().cpu().numpy(), accuracy.compute().item()
""")
    assert [(code, line) for code, line, _, _ in found] == [("TSL102", 7)]


def test_a_metric_of_ignite_gives_a_number() -> None:
    assert (
        findings(f"""
{IMPORT}
metric = Loss(F.mse_loss, device="cuda")
np.asarray([metric.compute()])
""")
        == []
    )


@pytest.mark.parametrize(
    ("device", "codes"),
    [
        ('device="cuda"', ["TSL102"]),
        ('device=torch.device("cuda")', ["TSL102"]),
        ('device="cpu"', []),
        ("", []),
        ("device=device", ["TSL102"]),
    ],
)
def test_a_metric_of_ignite_gives_a_tensor_where_it_was_made(device: str, codes: list[str]) -> None:
    program = f"""
from ignite.metrics import ConfusionMatrix
metric = ConfusionMatrix(3, {device})
np.asarray(metric.compute())
"""
    assert [code for code, *_ in findings(program)] == codes
