"""The columns of the tables of a result are listed in domain/columns.py, and nowhere else."""

from __future__ import annotations

import ast

import pytest
from tests.plugins.sources import PACKAGE, python_sources, tree_of

from batchcast.domain import columns

pytestmark = pytest.mark.xdist_group("sources")

_COLUMNS = PACKAGE / "domain" / "columns.py"
_TABLES = (columns.STOCK_FIGURES, columns.ACCURACY_FIGURES, columns.FOLD_LISTS)
_MOST_CHOSEN = 5  # columns of a table in one list of another module: a choice of them, not the table again
_SETTINGS = {columns.LEAD_TIME, columns.SERVICE_LEVEL}  # settings of the same name
_FIELDS_OF_JSON = PACKAGE / "app" / "words" / "nouns.py"  # sums over all series, under the names of the columns


@pytest.mark.parametrize("table", _TABLES, ids=lambda table: table[0])
def test_no_other_module_lists_the_columns_of_a_table_again(table):
    lists = [
        (str(path.relative_to(PACKAGE)), node.lineno)
        for path in python_sources()
        if path != _COLUMNS
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Tuple | ast.List | ast.Set) and len(_named_in(node) & set(table)) > _MOST_CHOSEN
    ]

    assert lists == []


def test_no_other_module_writes_the_name_of_a_column_as_text():
    names = {name for table in _TABLES for name in table if "_" in name} - _SETTINGS
    written = [
        (str(path.relative_to(PACKAGE)), node.lineno, node.value)
        for path in python_sources()
        if path not in (_COLUMNS, _FIELDS_OF_JSON)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and node.value in names
    ]

    assert written == []


def test_the_search_for_lists_finds_one():
    node = ast.parse("wanted = (*columns.SERIES, columns.FOLDS, columns.BIAS, 'units_over')").body[0].value

    assert _named_in(node) == {columns.FOLDS, columns.BIAS, columns.UNITS_OVER}


def _named_in(node: ast.Tuple | ast.List | ast.Set) -> set[str]:
    constants = {entry.attr for entry in node.elts if isinstance(entry, ast.Attribute)}
    texts = {entry.value for entry in node.elts if isinstance(entry, ast.Constant)}
    return {value for name in constants if isinstance(value := getattr(columns, name, None), str)} | texts
