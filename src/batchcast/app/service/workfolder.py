"""Scratch space of a server on its own disk, gone with the process."""

from __future__ import annotations

from pathlib import Path

from batchcast.app.workspace import claim_workspace, new_batch_id, sweep_workspaces


def open_work_folder(root: Path) -> Path:
    """A folder of this process alone; those of dead processes are removed first."""
    root.mkdir(parents=True, exist_ok=True)
    sweep_workspaces(root)
    return claim_workspace(root, new_batch_id())
