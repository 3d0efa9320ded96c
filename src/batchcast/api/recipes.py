"""The endpoints of recipes: those that are kept, and forgetting one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from batchcast.api.answers import KeptRecipe, Recipes
from batchcast.api.context import Here, answer
from batchcast.api.problems import documented
from batchcast.http.audit import tell_of

router = APIRouter(prefix="/api/recipes", tags=["recipes"])


@router.get("", response_model=Recipes, responses=documented(), summary="How files were read, the newest first")
async def recipes(here: Here) -> Response:
    """A recipe is used for files of the same header, where their settings stand at the defaults."""
    kept = await here.threads.light(here.service.recipes)
    return answer(
        Recipes(
            recipes=[
                KeptRecipe(
                    name=one.name,
                    source=one.source,
                    kept_on=one.kept_on,
                    file_kind=one.kind,
                    settings=dict(one.settings),
                )
                for one in kept
            ]
        )
    )


@router.delete("/{name}", status_code=204, responses=documented(404), summary="Forget a recipe")
async def delete(request: Request, name: Annotated[str, Path(max_length=100)], here: Here) -> Response:
    """Files of its header are read without it from now on; batches that used it hold its settings."""
    tell_of(request, name)
    await here.threads.light(here.service.delete_recipe, name)
    return Response(status_code=204)
