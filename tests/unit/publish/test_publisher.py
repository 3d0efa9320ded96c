"""Where the files of a result go."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchcast.publish.certificate import OutputTaken
from batchcast.publish.publisher import check_place, lay_out


@pytest.mark.parametrize("name", ["result.csv", "result.xlsx", "result.PARQUET"])
def test_file_goes_where_it_is_named_and_the_others_beside_it(tmp_path: Path, name: str) -> None:
    layout = lay_out(tmp_path / name)

    assert layout.path("forecast") == tmp_path / name
    assert [layout.path(kind).name for kind in ("stock", "accuracy", "rejected", "certificate")] == [
        "stock.csv",
        "accuracy.csv",
        "rejected.csv",
        "certificate.json",
    ]
    assert layout.path("stock").parent == tmp_path


@pytest.mark.parametrize("name", ["results", "june.2025", "."])
def test_anything_else_is_a_folder(tmp_path: Path, name: str) -> None:
    assert lay_out(tmp_path / name).path("forecast") == tmp_path / name / "forecast.csv"


def test_name_of_a_file_beside_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputTaken, match=r"stock\.csv is the name of a file that goes beside the forecast"):
        check_place(lay_out(tmp_path / "stock.csv"))


def test_folder_with_the_name_of_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "result.csv").mkdir()

    with pytest.raises(OutputTaken, match="is a folder, but its name is that of a file"):
        lay_out(tmp_path / "result.csv")


@pytest.mark.parametrize("name", ["result.txt", "result.csv.gz", "result.XLS", "plan.docx", "plan.pdf", "sales.duckdb"])
def test_file_of_another_kind_is_not_taken_for_a_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputTaken, match=r"ends in \.\w+; choose a name that ends in \.csv, \.xlsx, \.parquet"):
        lay_out(tmp_path / name)


def test_file_without_a_suffix_is_not_taken_for_a_folder(tmp_path: Path) -> None:
    (tmp_path / "result").write_text("x")

    with pytest.raises(OutputTaken, match=r"none of the suffixes \.csv, \.xlsx, \.parquet"):
        lay_out(tmp_path / "result")
