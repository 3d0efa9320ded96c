"""How the tests are handed out: those of a group go to one process, and share its fixtures there."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group("some")
def test_a_group_is_seen_by_what_hands_the_tests_out(request):
    """With pytest 9.2.0 pytest-xdist 3.8.0 saw none, without a word, and tests started servers again and again."""
    if not getattr(request.config.option, "loadgroup", False):
        return  # nothing is handed out by groups

    assert request.node.nodeid.endswith("@some")
