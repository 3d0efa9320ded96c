"""The page of activity: admins see who did what, others do not."""

from __future__ import annotations

import pytest
from tests.integration.web.conftest import Browser, page_over

from batchcast.app.installation.tokens import TOKEN_ROLES, new_token

pytestmark = pytest.mark.xdist_group("page")


def test_admins_see_who_signed_in_and_what_was_refused(tmp_path):
    made = {name: new_token(name, role) for name, role in TOKEN_ROLES.items()}
    with page_over(tmp_path, tokens=",".join(entry for _, entry in made.values())) as (_, app):
        viewer, admin, stranger = Browser(app), Browser(app), Browser(app)
        viewer.post("/sign-in", {"token": made["viewer"][0], "back": "/help"})
        viewer.post(f"/batches/{'0' * 32}/stop")
        stranger.post("/sign-in", {"token": "wrong"})
        admin.post("/sign-in", {"token": made["admin"][0], "back": f"/batches/{'1' * 32}"})

        page = admin.get("/audit")
        table = admin.get("/audit.csv")
        refused = viewer.get("/audit")

    assert page.status_code == 200
    assert page.text.index("Signed in") < page.text.index("Stopped a batch")
    assert "refused (403)" in page.text
    assert [row.split(",")[1:3] for row in table.text.splitlines()[1:]] == [
        ["admin", "admin"],
        ["", "none"],
        ["viewer", "viewer"],
        ["viewer", "viewer"],
    ]
    assert "1" * 32 not in table.text  # a sign-in that leads to a batch is not about it
    assert refused.status_code == 403
    assert 'href="/audit"' in page.text
    assert 'href="/audit"' not in refused.text
