"""TSL901 unused-noqa."""

from __future__ import annotations

from tensorlint.rules.base import Rule

__all__ = ["UnusedNoqa"]


class UnusedNoqa(Rule):
    """A `# noqa` comment names a code of tensorlint that suppresses nothing.

    What it does
    ------------
    Finds codes of tensorlint (`TSL101`, or a beginning such as `TSL1`) in `# noqa` comments where no such rule has
    anything to report. Codes of other tools are left alone, and so are comments without codes.

    Why is this bad?
    ----------------
    The comment says that something is wrong here, and nothing is. When the line is changed, it hides what is wrong
    then.

    Example
    -------
    What was reported has been mended:

        import torch

        layer = torch.nn.Linear(2, 2)
        weights = layer.weight.detach().numpy()  # noqa: TSL101

    Use instead
    -----------
    Nothing is left to suppress:

        import torch

        layer = torch.nn.Linear(2, 2)
        weights = layer.weight.detach().numpy()

    Known limits
    ------------
    A code is judged only if its rule is on for the file; a beginning of codes, if all the rules that it fits are on.
    What is found below the confidence that is reported counts as suppressed. With other settings (`target-torch`)
    other codes may be needed. Under flake8 nothing is judged: there `noqa` is flake8's business. Comments for a whole
    file (`# flake8: noqa`) are not judged.

    Fix safety
    ----------
    Safe: the fix takes the code out, or the comment where it says nothing else.

    Observed
    --------
    flake8 7.3 has no such check; ruff's RUF100 takes codes that it does not know for invalid, unless `lint.external`
    names them.
    """

    code = "TSL901"
    name = "unused-noqa"
    default = False
    events = ()
