"""Where the files of a result go, and whether the place is free for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from batchcast.domain.message import Message, mark
from batchcast.publish.certificate import Certificate, PublishedFile
from batchcast.publish.problems import InvalidCertificate, OutputTaken
from batchcast.publish.staging import recover
from batchcast.publish.writers import SUFFIXES

FORECAST, STOCK, ACCURACY, REJECTED, CERTIFICATE = "forecast", "stock", "accuracy", "rejected", "certificate"
SERIES = "series"  # the index that a server keeps beside them ...
FIGURES, PERIODS, OVERVIEW = "figures", "periods", "overview"  # ... and what else a page shows
_BESIDE = {
    STOCK: "stock.csv",
    ACCURACY: "accuracy.csv",
    FIGURES: "figures.parquet",
    REJECTED: "rejected.csv",
    CERTIFICATE: "certificate.json",
}
_OTHER_SUFFIXES = frozenset({".gz", ".json", ".ods", ".tsv", ".txt", ".xls", ".xlsb", ".xlsm", ".zip"})


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
        OutputTaken: if OUT ends like a file that we don't write, is a folder where a file is meant, or a file where a
            folder is meant.
    """
    is_file = out.suffix.lower() in SUFFIXES
    if out.suffix.lower() in _OTHER_SUFFIXES:
        template = mark("{out} ends in {found}; choose a name that ends in {suffixes}, or a folder.")
        raise _taken(template, out=str(out), found=out.suffix, suffixes=", ".join(SUFFIXES))
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
            names, or the forecast has the name of a file that goes beside it.
    """
    if layout.names[FORECAST].lower() in _BESIDE.values():
        template = mark("{out} is the name of a file that goes beside the forecast; choose another name.")
        raise _taken(template, out=str(layout.path(FORECAST)))
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


def place_accuracy(out: Path) -> Path:
    """The file for the accuracy alone at OUT: that file, or accuracy.csv in the folder OUT.

    Raises:
        OutputTaken: as `lay_out`; or if the file belongs to a published result.
    """
    layout = lay_out(out)
    path = layout.path(ACCURACY if layout.folder == out else FORECAST)
    if path.name in {file.name for file in _certified_files(layout).values()}:
        template = mark("{out} belongs to the result that {certificate} names; choose another name or folder.")
        raise _taken(template, out=str(path), certificate=str(layout.path(CERTIFICATE)))
    return path


def _names_of_earlier_run(layout: OutputLayout) -> set[str]:
    """Files that the certificate at the place names, itself included; none where it is of another result."""
    files = _certified_files(layout)
    if FORECAST not in files or files[FORECAST].name != layout.names[FORECAST]:
        return set()
    return {file.name for file in files.values()} | {layout.names[CERTIFICATE]}


def _certified_files(layout: OutputLayout) -> Mapping[str, PublishedFile]:
    """Files that the certificate at the place names, by kind; none where there is no certificate of ours."""
    try:
        return Certificate.read(layout.path(CERTIFICATE)).files
    except InvalidCertificate:
        return {}


def _exists(layout: OutputLayout, name: str) -> bool:
    return (layout.folder / name).exists()


def _taken(template: str, **values: str) -> OutputTaken:
    return OutputTaken([Message(template, values)])
