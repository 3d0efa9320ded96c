"""What the history of batches is searched in: the same text in every store."""

from __future__ import annotations


def searched_text(file_name: str | None, batch_id: str) -> str:
    """What a search looks through: the file's name and the id, a line each."""
    return f"{folded(file_name or '')}\n{folded(batch_id)}"


def folded(text: str) -> str:
    """Text without its case and without what no database can keep: control characters and halves of characters."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    return printable.encode("utf-8", "replace").decode("utf-8").casefold()
