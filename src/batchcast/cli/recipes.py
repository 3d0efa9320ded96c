"""`batchcast recipes`: how files were read on this machine, kept for files of the same header."""

from __future__ import annotations

from rich.text import Text

from batchcast.cli.options import option_words
from batchcast.cli.parsing import Command, Group, Values, argument
from batchcast.cli.session import Session, safe
from batchcast.domain.errors import N_, Message
from batchcast.domain.recipe import Recipe

HELP = N_("How files were read on this machine, kept for files of the same header: list, show, delete.")
NAME_HELP = N_("The recipe, as `batchcast recipes list` names it.")
NO_NAME = N_("NAME is missing: `batchcast recipes list` shows the recipes there are.")
NONE = N_("No recipe is kept here; `batchcast analyze FILE --save-recipe NAME` keeps one.")
DELETED = N_("The recipe {name!r} is deleted; files of its header are read without it.")


def command(session: Session) -> Group:
    """The group of commands."""
    say = session.words.say
    name = argument("name", "NAME", say(NAME_HELP))
    below = [
        Command(session, "list", N_("The recipes, the newest first."), carry_out=_list),
        Command(session, "show", N_("One recipe, as options."), parameters=[name], carry_out=_show),
        Command(session, "delete", N_("Forget a recipe."), parameters=[name], carry_out=_delete),
    ]
    return Group(session, "recipes", say(HELP), commands=below)


def _list(session: Session, _values: Values) -> None:
    session.refuse_problems()
    recipes = session.open_app().recipes.recipes()
    if session.as_json:
        session.screen.write_json({"kind": "recipes", "recipes": [_json(recipe) for recipe in recipes]})
        return
    for recipe in recipes:
        line = f"{recipe.name}  {recipe.kept_on.isoformat()}  {recipe.source}  {_options(recipe)}"
        session.screen.out.print(Text(safe(line)), soft_wrap=True)
    if not recipes:
        session.screen.out.print(Text(session.words.say(NONE)))


def _show(session: Session, values: Values) -> None:
    from batchcast.app.recipes import find_recipe

    recipe = find_recipe(session.open_app().recipes, _name(session, values))
    if session.as_json:
        session.screen.write_json({"kind": "recipe", **_json(recipe)})
        return
    session.screen.out.print(Text(safe(f"{recipe.name}  {recipe.kept_on.isoformat()}  {recipe.source}")))
    session.screen.out.print(Text(safe(_options(recipe))), soft_wrap=True)


def _delete(session: Session, values: Values) -> None:
    from batchcast.app.recipes import unknown_recipe

    name, book = _name(session, values), session.open_app().recipes
    if not book.drop_recipe(name):
        raise unknown_recipe(name, book.recipes())
    if session.as_json:
        session.screen.write_json({"kind": "recipe_deleted", "name": name})
        return
    session.screen.out.print(Text(session.words.say(DELETED, name=name)))


def _name(session: Session, values: Values) -> str:
    name: str | None = values["name"]
    session.refuse_problems(*[Message(NO_NAME)] * (name is None))
    return name or ""


def _json(recipe: Recipe) -> dict[str, object]:
    kept_on, settings = recipe.kept_on.isoformat(), dict(recipe.settings)
    return {
        "name": recipe.name,
        "source": recipe.source,
        "kept_on": kept_on,
        "file_kind": recipe.kind,
        "settings": settings,
    }


def _options(recipe: Recipe) -> str:
    """The options of a command that read a file as the recipe does."""
    return " ".join(option_words({name: text}) for name, texts in recipe.texts.items() for text in texts)
