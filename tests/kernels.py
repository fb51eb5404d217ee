"""Runs notebooks in real kernels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from nbclient.output_widget import OutputWidget
from nbformat import NotebookNode

LONGEST_CELL = 120  # seconds; many times what any cell needs


class _ListeningWidget(OutputWidget):
    """An output widget that keeps what it is to show, and tells the kernel nothing of it.

    nbclient's own tells it, on the socket on which it waits for the cell's reply. A reply that comes just
    then is not noticed before the cell's time is over.
    """

    def send(self, *_: Any, **__: Any) -> None:
        pass


def client_for(
    notebook: NotebookNode, folder: Path, kernel: str = "python3", **options: Any
) -> NotebookClient:
    """A client that runs `notebook` with `folder` as the working folder; `options` are nbclient's."""
    where = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, timeout=LONGEST_CELL, kernel_name=kernel, resources=where, **options)
    client.widget_registry = {"@jupyter-widgets/output": {"OutputModel": _ListeningWidget}}
    return client
