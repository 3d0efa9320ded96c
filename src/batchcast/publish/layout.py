"""Where the files of a result go, and whether the place is free for them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from batchcast.domain.errors import InvalidInput
from batchcast.domain.message import Message, mark
from batchcast.publish.certificate import Certificate
from batchcast.publish.problems import OutputTaken
from batchcast.publish.staging import recover
from batchcast.publish.writers import SUFFIXES

FORECAST, STOCK, ACCURACY, REJECTED, CERTIFICATE = "forecast", "stock", "accuracy", "rejected", "certificate"
_BESIDE = {
    STOCK: "stock.csv",
    ACCURACY: "accuracy.csv",
    REJECTED: "rejected.csv",
    CERTIFICATE: "certificate.json",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputLayout:
    """The folder of a result and the name of each of its files."""

    folder: Path
    names: dict[str, str]  # by kind

    def path(self, kind: str) -> Path:
        """Where the file of this kind goes."""
        return self.folder / self.names[kind]


def lay_out(out: Path) -> OutputLayout:
    """The files of a result at OUT: a file with a suffix of ours and the rest beside it, or a folder for all.

    Raises:
        OutputTaken: if OUT has another suffix of a file, is a folder where a file is meant, or a file where a folder is
            meant, or bears the name of a file that goes beside it.
    """
    is_file = out.suffix.lower() in SUFFIXES
    if is_file and out.name.lower() in _BESIDE.values():
        template = mark("{out} is the name of a file that goes beside the forecast; choose another name.")
        raise _taken(template, out=str(out))
    if is_file and out.is_dir():
        raise _taken(mark("{out} is a folder, but its name is that of a file; choose another name."), out=str(out))
    if not is_file and out.exists() and not out.is_dir():
        template = mark("{out} is a file with none of the suffixes {suffixes}; name one of them, or a folder.")
        raise _taken(template, out=str(out), suffixes=", ".join(SUFFIXES))
    folder, name = (out.parent, out.name) if is_file else (out, "forecast.csv")
    return OutputLayout(folder=folder, names={FORECAST: name} | _BESIDE)


def check_place(layout: OutputLayout) -> None:
    """Check that publishing would overwrite nothing but an earlier result of the same name.

    What a crash left half published there is finished first.

    Raises:
        OutputTaken: if the folder holds the result of a run with another name, or files that no certificate there
            names.
    """
    recover(layout.folder, layout.names[FORECAST])
    own = _names_of_earlier_run(layout)
    strangers = [n for kind, n in layout.names.items() if kind != FORECAST and n not in own and _exists(layout, n)]
    if strangers:
        template = mark(
            "{folder} already holds {names}, which is not of an earlier run with the result {result}. "
            "Nothing was overwritten: choose another folder, or move it away."
        )
        values = {"names": ", ".join(strangers), "result": layout.names[FORECAST]}
        raise _taken(template, folder=str(layout.folder), **values)


def _names_of_earlier_run(layout: OutputLayout) -> set[str]:
    """Files that the certificate at the place names, itself included; none where it is of another result."""
    path = layout.path(CERTIFICATE)
    if not path.exists():
        return set()
    try:
        files = Certificate.read(path).files
    except InvalidInput:  # not ours, and so not to be overwritten
        return set()
    if FORECAST not in files or files[FORECAST].name != layout.names[FORECAST]:
        return set()
    return {file.name for file in files.values()} | {path.name}


def _exists(layout: OutputLayout, name: str) -> bool:
    return (layout.folder / name).exists()


def _taken(template: str, **values: str) -> OutputTaken:
    return OutputTaken([Message(template, values)])
