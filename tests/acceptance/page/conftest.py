"""A server with its page, and files to try it with."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.page.reader import Reader
from tests.acceptance.service.sample import demand
from tests.acceptance.service.server import Server
from tests.plugins.browser import LANGUAGES

from batchcast.app.samples.writing import write_sample

HOSTILE_SITES = ("<img src=x onerror=alert(1)>", "</script><script>alert(2)</script>")
HOSTILE_PARTS = (
    "=cmd|' /C calc'!A0",
    '"><svg onload=alert(3)>',
    "{{ 7 * 7 }}",
    "javascript:alert(4)",
    "a&amp;b",
    "P/../?#%41",
)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server at work, for all tests of a process; tests that kill theirs start another."""
    server = Server(tmp_path_factory.mktemp("site") / "home", max_parallel=2)
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture(scope="session")
def small_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1,000 rows, 3 sites."""
    return _sample(tmp_path_factory, "sample_optimal")


@pytest.fixture(scope="session")
def large_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """11,919 rows, 13 sites, 2,070 parts."""
    return _sample(tmp_path_factory, "alldemand_augjul")


@pytest.fixture(scope="session")
def spoilt_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some rows of it can't be read."""
    path = tmp_path_factory.mktemp("samples") / "spoilt.csv"
    path.write_bytes(demand(months=12) + b"2025-13-01,P-1,S0,4\n2025-05-01,P-2,S1,many\n2025-06-01,,S2,1\n")
    return path


@pytest.fixture(scope="session")
def foreign_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """No demand history at all."""
    path = tmp_path_factory.mktemp("samples") / "addresses.csv"
    path.write_text("name,street,city\nAni,Jl. Merdeka 1,Palu\n")
    return path


@pytest.fixture(scope="session")
def lumpy_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three years by month of parts with rare demand, whose names would do harm if they were not escaped."""
    path = tmp_path_factory.mktemp("samples") / "lumpy <b>.csv"
    path.write_text(lumpy_demand(), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def stock_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is held of the parts of `lumpy_file`, and one that is not in it."""
    path = tmp_path_factory.mktemp("samples") / "stok.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["gudang", "kode_barang", "stok", "harga_satuan", "isi_kemasan", "waktu_tunggu"])
        for place, site in enumerate(HOSTILE_SITES):
            for number, part in enumerate([*HOSTILE_PARTS, *(f"SEAL-{n:03}" for n in range(6))]):
                held = "" if number == place else number % 4
                table.writerow([site, part, held, 12.5 * (number + 1), 1 + number % 2 * 4, 5 if number == 3 else ""])
        table.writerow(["Mars", "X", 1, 1, 1, ""])
    return path


@pytest.fixture(scope="session")
def carrying_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The history of `lumpy_file`, as an ERP exports it that has stock, cost, supplier and family beside the demand."""
    path = tmp_path_factory.mktemp("samples") / "erp <b>.csv"
    header, *rows = lumpy_demand().splitlines()
    lines = [f"{header},stok,harga_satuan,Pemasok,Keluarga <b>"]
    for n, row in enumerate(rows):
        kind = sum(row.split(",")[1].encode()) % 3
        lines.append(f"{row},{n % 4},{n % 9 + 1}.5,{('PT Sumber <b>', 'CV Makmur', '')[kind]},Keluarga {kind}")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def unknown_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export under titles, none of whose columns is known; its dates read in two orders."""
    path = tmp_path_factory.mktemp("samples") / "pengeluaran 2024 <b>.csv"
    rows = [
        f"{(quantity + 5 * month) % 12 + 1:02}/{month:02}/2024;{part};{site};{quantity};{kind}"
        for month in range(1, 12)
        for quantity in (3, 4, 7)
        for part in ("07-4410", "1R-0751", "HYD-2290")
        for site in ("Kolaka", "Bahodopi")
        for kind in ("Rutin", "Proyek")
    ]
    titles = ["Laporan pengeluaran barang", "Periode 2024", "Kapan;Barangnya;Tempat;Banyaknya;Jenis"]
    path.write_text("\n".join([*titles, *rows]) + "\n")
    return path


@pytest.fixture(scope="session")
def wide_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wide table with an unknown column of parts and a misspelt month: its 1,008 units without that are 924."""
    path = tmp_path_factory.mktemp("samples") / "matriks.csv"
    months = ["Jan", "Fbe", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"]
    header = ["Kode", "Depo", *(f"{month}-23" for month in months)]
    rows = [[part, site, *([7] * 12)] for part in "ABCDEF" for site in ("Kolaka", "Bahodopi")]
    path.write_text("\n".join(",".join(map(str, row)) for row in [header, *rows]) + "\n")
    return path


@pytest.fixture(scope="session")
def stock_unknown_file(tmp_path_factory: pytest.TempPathFactory, small_file: Path) -> Path:
    """What is held of some parts of `small_file`, in columns of unknown names."""
    path = tmp_path_factory.mktemp("samples") / "saldo.csv"
    with small_file.open(encoding="utf-8") as file:
        keys = sorted({(row["partnumber"], row["site_code"]) for row in csv.DictReader(file)})[:40]
    lines = [f"{part};{site};{n % 5};{n % 3}" for n, (part, site) in enumerate(keys)]
    path.write_text("\n".join(["Barangnya;Tempat;Saldo Akhir;Akan datang", *lines]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def files(request: pytest.FixtureRequest) -> dict[str, Path]:
    """All these files by the names of their fixtures, without `_file`."""
    names = ("small", "large", "spoilt", "foreign", "lumpy", "stock", "carrying", "unknown", "wide", "stock_unknown")
    return {name: request.getfixturevalue(f"{name}_file") for name in names}


@pytest.fixture(params=LANGUAGES)
def reader(request: pytest.FixtureRequest, open_page, site: Server) -> Reader:
    """A person at the dashboard, who reads English or Indonesian."""
    return Reader(open_page(site.page, language=request.param), request.param, site)


@pytest.fixture(autouse=True)
def _left_clean(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a test leaves on the site is gone before the next, which would else take its partitions from there."""
    yield
    if "site" in request.fixturenames:
        site = request.getfixturevalue("site")
        site.lift_all_faults()
        client = site.client
        client.forget_recipes()
        for line in client.history()["batches"]:
            client.cancel(line["batch_id"])
            client.await_end(line["batch_id"])
            client.delete(line["batch_id"])


def _sample(factory: pytest.TempPathFactory, name: str) -> Path:
    path = factory.mktemp("samples") / f"{name}.csv"
    write_sample(name, path)
    return path


def lumpy_demand() -> str:
    """Rows of 2 sites and 11 parts, half of them with hostile names."""
    draw = random.Random(7)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["date", "partnumber", "site_code", "demand_qty"])
    parts = [*HOSTILE_PARTS, *(f"SEAL-{number:03}" for number in range(6))]
    for site in HOSTILE_SITES:
        for k, part in enumerate(parts):
            for month in range(36):
                if draw.random() < 0.15 + 0.07 * k:
                    quantity = draw.randint(1, 4 + 3 * k)
                    table.writerow([f"{2023 + month // 12}-{month % 12 + 1:02}-01", part, site, quantity])
    return text.getvalue()
