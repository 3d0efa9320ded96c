"""The recipes of this server: how files were read, and forgetting one."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from batchcast.app.installation.tokens import Role
from batchcast.http.audit import tell_of
from batchcast.web.context import Asker, Here, OurForm
from batchcast.web.rendering import render

router = APIRouter()


@router.get("/recipes")
async def recipes(request: Request, here: Here) -> Response:
    """All recipes, the newest first, each with a button that deletes it."""
    kept = await here.threads.light(here.service.recipes)
    return render(request, "recipes/recipes.html", recipes=kept)


@router.post("/recipes/delete")
async def delete(request: Request, here: Here, asker: Asker, texts: OurForm) -> Response:
    """Delete the recipe that the form names."""
    asker.require(Role.PLANNER)
    name = next(iter(texts.get("name", ())), "")
    tell_of(request, name)
    await here.threads.light(here.service.delete_recipe, name)
    return RedirectResponse("/recipes", status_code=303)
