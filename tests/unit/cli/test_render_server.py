"""What is said of batches on a server."""

from __future__ import annotations

import pytest

from batchcast.cli.render.server import history_view
from batchcast.cli.session import Words


@pytest.mark.parametrize(
    ("is_chosen", "sentence"),
    [
        (False, "There is no batch on this server yet; `batchcast batches submit FILE` queues one."),
        (True, "There is no such batch."),
    ],
)
def test_an_empty_list_says_whether_there_is_none_at_all(is_chosen, sentence):
    page = {"batches": [], "total": 0, "offset": 0}

    assert str(history_view(page, Words("en"), is_chosen=is_chosen)) == sentence
