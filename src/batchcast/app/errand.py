"""What a person asked for: a file, settings, a place for the result; and whether that can be."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from batchcast.app.listener import Listener
from batchcast.domain.message import Message, mark
from batchcast.domain.settings import BatchSettings
from batchcast.publish import Certificate, CertificateMismatch, OutputTaken, check_place, lay_out, order_files
from batchcast.run import Steps


@dataclass(frozen=True, kw_only=True)
class Errand:
    """What a person asked for."""

    file: Path
    settings: BatchSettings
    out: Path | None
    listener: Listener
    steps: Steps = field(default_factory=Steps)
    original: Certificate | None = None  # of the run that is to be repeated
    stock: Path | None = None  # the stock file to order for, once it is published


def check_out(file: Path, out: Path, stock: Path | None = None) -> None:
    """Refuse a place that is taken, before any work.

    Raises:
        OutputTaken: if something else is there, or it is the input itself or the stock file.
    """
    layout = lay_out(out)
    orders = () if stock is None else order_files(layout.folder, Path(layout.names["forecast"]).stem).values()
    for path in (*(layout.path(kind) for kind in layout.names), *orders):
        refuse_input(file, path)
        if stock is not None and path.exists() and stock.exists() and path.samefile(stock):
            template = mark("{out} is the stock file itself; the result must go somewhere else.")
            raise OutputTaken([Message(template, {"out": str(path)})])
    check_place(layout)


def find_input(original: Certificate, certificate: Path) -> Path:
    """The input of a certified run, by its name; its content is checked when it has been read.

    Raises:
        CertificateMismatch: if there is none of that name.
    """
    name = Path(original.input_name).name  # a certificate is a file of a stranger: no path of it is followed
    for folder in (certificate.parent, Path()):
        if (folder / name).exists():
            return folder / name
    template = mark(
        "{name}, of which {certificate} is the certificate, is neither beside it nor in the current folder; name it: "
        "batchcast run FILE --replay {certificate}."
    )
    raise CertificateMismatch(Message(template, {"name": name, "certificate": certificate}))


def refuse_input(file: Path, out: Path) -> None:
    """Refuse to write over the input.

    Raises:
        OutputTaken: if `out` is the file itself.
    """
    if out.exists() and file.exists() and out.samefile(file):
        template = mark("{out} is the demand history itself; the result must go somewhere else.")
        raise OutputTaken([Message(template, {"out": str(out)})])
