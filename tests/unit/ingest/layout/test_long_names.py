"""Names of columns of any length cost what short ones do, and are read by their beginning."""

from __future__ import annotations

from batchcast.domain.settings import BatchSettings
from batchcast.ingest.common.names import LONGEST_NAME, normal
from batchcast.ingest.layout.locate import visible_names


def test_a_name_of_millions_of_letters_is_read_by_its_beginning():
    long = "Sold " + "x" * 2_000_000

    visible = visible_names(["date", "part", "qty", long], BatchSettings())

    assert visible.every[:3] == ("date", "part", "qty")
    assert len(visible.every[3]) <= LONGEST_NAME
    assert visible.names[3].startswith("Sold x")


def test_names_of_usual_length_are_left_whole():
    names = ["Quantity Issued", "n" * LONGEST_NAME]

    assert visible_names(names, BatchSettings()).every == tuple(names)
    assert normal("Qty_Issued.") == "qtyissued"
