"""What accelerate prepares, or is moved to a rank, is on the GPU of its process."""

from __future__ import annotations

import pytest
from reveal import findings

HEAD = """
from accelerate import Accelerator
accelerator = Accelerator()
"""


@pytest.mark.parametrize(
    "text",
    [
        "net = accelerator.prepare(nn.Linear(2, 2))\nout = net(x)",
        "net, _ = accelerator.prepare(nn.Linear(2, 2), optimizer)\nout = net(x)",
        "loader = accelerator.prepare(torch.utils.data.DataLoader(data))\nfor out in loader: pass",
        "out = x.to(accelerator.device)",
        "net = accelerator.prepare(nn.Linear(2, 2))\nout = accelerator.gather_for_metrics(net(x))",
        "net = accelerator.prepare(nn.Linear(2, 2))\nout = accelerator.unwrap_model(net)(x)",
    ],
)
def test_what_an_accelerator_prepares_may_be_on_a_gpu(text: str) -> None:
    program = HEAD + text + "\nhost = out.detach().numpy()\n"
    assert [(code, level) for code, _, _, level in findings(program)] == [("TSL102", "likely")]
    assert not findings(program.replace(".detach()", ".detach().cpu()"))


@pytest.mark.parametrize("rank", ["rank", "local_rank", "args.local_rank", "self.gpu_id", "gpu"])
def test_a_rank_is_the_number_of_a_gpu(rank: str) -> None:
    text = f"\ndef run(self, args, rank, local_rank, gpu, x):\n    return torch.as_tensor(x).to({rank}).numpy()\n"
    assert [(code, level) for code, _, _, level in findings(text)] == [("TSL102", "likely")]


def test_what_is_merely_ranked_is_not_moved() -> None:
    assert not findings("\ndef run(ranks, x):\n    return torch.as_tensor(x).to(ranks).numpy()\n")
