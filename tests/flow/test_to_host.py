"""Helpers that give the array of their argument, and what is then written to that belongs to the caller."""

from __future__ import annotations

from pathlib import Path

import pytest
from reveal import program

from tensorlint.linter import lint
from tensorlint.settings import Settings
from tensorlint.source import Source

TO_HOST = {
    "return x.detach().cpu().numpy()": True,
    "return x.cpu().numpy()": True,
    "if torch.is_tensor(x):\n        return x.detach().cpu().numpy()\n    return np.asarray(x)": True,
    "if isinstance(x, torch.Tensor):\n        x = x.detach().cpu().numpy()\n    return x": True,
    "return x.detach().cpu().numpy().copy()": False,
    "return x.clone().cpu().numpy()": False,
    "return np.array(x)": False,
}
WRITES = ["signal /= peak", "signal[signal > peak] = 0", "np.clip(signal, 0, peak, out=signal)", "signal.sort()"]


@pytest.mark.parametrize(("body", "shares"), TO_HOST.items())
@pytest.mark.parametrize("elsewhere", [False, True])
def test_the_callers_tensor_is_changed_where_it_is_on_the_cpu(
    tmp_path: Path, body: str, shares: bool, elsewhere: bool
) -> None:
    helper = f"\ndef to_host(x):\n    {body}\n"
    for write in WRITES:
        caller = f"\ndef scaled(signal, peak):\n    signal = to_host(signal)\n    {write}\n    return signal\n"
        (tmp_path / "helper.py").write_text(program(helper).decode())
        text = program(f"\nfrom helper import to_host\n{caller}" if elsewhere else helper + caller)
        path = tmp_path / "caller.py"
        path.write_bytes(text)
        found = lint(Source(text, str(path)), Settings())
        line = text.decode().splitlines().index(f"    {write}") + 1
        assert [(one.code, one.line) for one in found] == ([("TSL204", line)] if shares else []), write
        anew = text.replace(f"    {write}".encode(), b"    signal = signal / peak")
        assert not lint(Source(anew, str(path)), Settings())
