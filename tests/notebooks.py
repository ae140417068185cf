"""Notebooks for tests: as Jupyter writes them, made by nbformat."""

from __future__ import annotations

from typing import Any

import nbformat

__all__ = ["cells_of", "notebook"]


def notebook(*sources: str, language: str = "python", outputs: bool = False) -> str:
    """The text of a notebook with a code cell for each source; one that begins with ``#md`` is Markdown."""
    made = nbformat.v4.new_notebook(
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": language, "name": "python3"},
            "language_info": {"name": language, "version": "3.11.0"},
        }
    )
    for number, source in enumerate(sources):
        if source.startswith("#md"):
            cell = nbformat.v4.new_markdown_cell(source)
        else:
            cell = nbformat.v4.new_code_cell(source)
            if outputs:
                cell["execution_count"] = number
                cell["outputs"] = [nbformat.v4.new_output("stream", text=f"loss.numpy()\n{number}é\n")]
        cell["id"] = f"cell-{number}"
        made["cells"].append(cell)
    text: str = nbformat.writes(made) + "\n"
    return text


def cells_of(text: str | bytes) -> list[str]:
    """The sources of all cells, as nbformat reads them; it is a valid notebook."""
    read: Any = nbformat.reads(text, as_version=4)
    nbformat.validate(read)
    return [cell["source"] for cell in read["cells"]]
