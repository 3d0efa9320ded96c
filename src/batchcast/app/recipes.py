"""Recipes by their names: those that a person names, those that are kept, and the files of an installation's own."""

from __future__ import annotations

import datetime as dt
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from batchcast.app.intake import Intake, Reading
from batchcast.domain.codec import decode, encode
from batchcast.domain.errors import N_, InvalidSettings, Message
from batchcast.domain.recipe import ANY_HEADER, LONG_DAYS, MOST_SITES, FileKind, PastReading, Recipe, only_the_newest
from batchcast.domain.settings import BatchSettings

USE, SAVE = "recipe", "save_recipe"  # the fields and options that name them
_NAME = re.compile(r"\w[\w.@ -]{0,99}")


class UnknownRecipe(InvalidSettings):
    """There is no recipe of this name."""

    slug = "unknown-recipe"


class RecipeBook(Protocol):
    """Where recipes are kept: a store, or the home folder of the command."""

    def recipes(self) -> tuple[Recipe, ...]:
        """All of them, the newest first."""

    def keep_recipe(self, recipe: Recipe) -> None:
        """Keep a recipe, in place of another of its name."""

    def drop_recipe(self, name: str) -> bool:
        """Forget a recipe; False where there is none of this name."""

    def past_reading(self, signature: str) -> PastReading | None:
        """What was kept of files with this header."""

    def keep_past_reading(self, past: PastReading) -> None:
        """Keep what a file with this header held, in place of another."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecipeChoice:
    """What a person says of recipes with a file."""

    use: str | None = None  # the recipe to read it by, whatever its header; None: that of its header
    save_as: str | None = None  # the name to keep how it was read under
    keeps_answers: bool = False  # a question was answered: keep it under a name of ours
    is_alone: bool = False  # the settings alone count, also where they stand at their defaults

    def __post_init__(self) -> None:
        if self.save_as is not None and not _NAME.fullmatch(self.save_as):
            template = N_("{found!r} can't be the name of a recipe: use letters, digits, spaces and . _ - @")
            raise InvalidSettings([Message(template, {"found": self.save_as})])


NO_CHOICE = RecipeChoice()
ALONE = RecipeChoice(is_alone=True)
KINDS: Mapping[FileKind, str] = {"history": N_("a demand history"), "stock": N_("a stock file")}


def choice_of_texts(texts: Mapping[str, Sequence[str]]) -> tuple[dict[str, Sequence[str]], RecipeChoice]:
    """The fields that are settings, and what the others say of recipes.

    Raises:
        InvalidSettings: if a name can't be that of a recipe.
    """
    named = {field: texts[field][-1] for field in (USE, SAVE) if texts.get(field)}
    left = {name: given for name, given in texts.items() if name not in (USE, SAVE)}
    return left, RecipeChoice(use=named.get(USE), save_as=named.get(SAVE))


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """What a file is read with."""

    settings: BatchSettings
    recipes: tuple[Recipe, ...] = ()  # the newest first: those whose headers count, or one for any header


def chosen_recipes(
    book: RecipeBook, choice: RecipeChoice, settings: BatchSettings, kind: FileKind = "history"
) -> Chosen:
    """The recipe that is named, whatever the header, or the recipes that a header may choose from.

    Raises:
        UnknownRecipe: if none of files of this kind has that name.
    """
    if choice.is_alone:
        return Chosen(settings=settings)
    if choice.use is None:
        return Chosen(settings=settings, recipes=book.recipes())
    recipe = find_recipe(book, choice.use)
    if recipe.kind != kind:
        template = N_("The recipe {name!r} was kept of a file of another kind, {source}: {kind}.")
        values = {"name": recipe.name, "source": recipe.source, "kind": Message(KINDS[recipe.kind])}
        raise UnknownRecipe([Message(template, values)])
    return Chosen(settings=settings, recipes=(replace(recipe, signature=ANY_HEADER),))


def find_recipe(book: RecipeBook, name: str) -> Recipe:
    """A recipe by its name.

    Raises:
        UnknownRecipe: if none has that name.
    """
    recipes = book.recipes()
    found = next((recipe for recipe in recipes if recipe.name == name), None)
    if found is None:
        raise unknown_recipe(name, recipes)
    return found


def unknown_recipe(name: str, recipes: Sequence[Recipe]) -> UnknownRecipe:
    """What to raise where there is no recipe of a name."""
    if not recipes:
        return UnknownRecipe([Message(N_("There is no recipe {name!r}: none is kept here."), {"name": name})])
    template = N_("There is no recipe {name!r}; there are {names}.")
    names = ", ".join(repr(recipe.name) for recipe in recipes[:20])
    return UnknownRecipe([Message(template, {"name": name, "names": names})])


def refuse_recipes(choice: RecipeChoice, history: str) -> None:
    """Refuse recipes that are named for the stock in a history.

    Raises:
        InvalidSettings: if there are some.
    """
    if choice.use is not None or choice.save_as is not None:
        template = N_("{file} is the history of the result, and read as it was for that; a recipe is for a stock file.")
        raise InvalidSettings([Message(template, {"file": history})])


def keep_reading(book: RecipeBook, intake: Intake, choice: RecipeChoice, source: str) -> Intake:
    """Keep how a file was read where that is asked for; the report tells of that."""
    intake = _beside_the_past(book, intake, source)
    kept = keep_recipe(book, intake.reading, choice, source)
    return intake if kept is None else intake.with_note(kept)


def _beside_the_past(book: RecipeBook, intake: Intake, source: str) -> Intake:
    """The intake, with a note where a far longer history of this header was read before; else it is kept as one."""
    facts, signature = intake.history.facts, intake.reading.signature
    now = PastReading(
        signature=signature,
        source=source,
        rows=facts.rows,
        first_date=facts.first_date,
        last_date=facts.last_date,
        read_on=dt.date.today(),
        sites=tuple(site.site_code for site in facts.sites[:MOST_SITES]),
    )
    past = book.past_reading(signature)
    if past is not None and now.has_only_the_newest_of(past):
        return intake.with_note(only_the_newest(now, past))
    if past is None or now.days >= min(past.days, LONG_DAYS):
        book.keep_past_reading(now)
    return intake


def keep_recipe(book: RecipeBook, reading: Reading, choice: RecipeChoice, source: str) -> Message | None:
    """Keep how a file was read where that is asked for; what is said of it then."""
    if choice.save_as is None and not choice.keeps_answers:
        return None
    name = choice.save_as or _name_for(reading, source, book.recipes())
    book.keep_recipe(
        Recipe(
            name=name,
            signature=reading.signature,
            settings=reading.settings,
            source=source,
            kept_on=dt.date.today(),
            kind=reading.kind,
        )
    )
    template = N_("How this file was read is kept as the recipe {name!r}, and used for files with the same header.")
    return Message(template, {"name": name})


def _name_for(reading: Reading, source: str, recipes: Sequence[Recipe]) -> str:
    """The name of the recipe that there is for a header, else one made of the file's."""
    of = (reading.signature, reading.kind)
    known = next((recipe.name for recipe in recipes if (recipe.signature, recipe.kind) == of), None)
    stem = re.sub(r"[^A-Za-z0-9_]+", "-", Path(source).stem).strip("-")[:70] or "file"
    kind = "" if reading.kind == "history" else f"{reading.kind}-"  # one file can be read as both
    return known or f"{stem}-{kind}{reading.signature[:6]}"


class FolderRecipes:
    """Recipes in a folder, a JSON file each; implements `RecipeBook`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def recipes(self) -> tuple[Recipe, ...]:
        """See `RecipeBook`; files that can't be read are passed over."""
        if not self._folder.is_dir():
            return ()
        files = sorted(self._folder.glob("*.json"), key=lambda file: (file.stat().st_mtime_ns, file.name), reverse=True)
        return tuple(found for found in map(_value_in, files) if isinstance(found, Recipe))

    def keep_recipe(self, recipe: Recipe) -> None:
        """See `RecipeBook`."""
        self._write(recipe, self._file(recipe.name))

    def drop_recipe(self, name: str) -> bool:
        """See `RecipeBook`."""
        if not _NAME.fullmatch(name) or not self._file(name).exists():
            return False
        self._file(name).unlink(missing_ok=True)
        return True

    def past_reading(self, signature: str) -> PastReading | None:
        """See `RecipeBook`."""
        found = _value_in(self._past(signature))
        return found if isinstance(found, PastReading) else None

    def keep_past_reading(self, past: PastReading) -> None:
        """See `RecipeBook`; where nothing can be written, nothing is kept."""
        with suppress(OSError):
            self._write(past, self._past(past.signature))

    def _write(self, value: object, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        scratch = file.parent / f".{secrets.token_hex(8)}"
        scratch.write_text(json.dumps(encode(value)), encoding="utf-8")
        scratch.replace(file)

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.json"

    def _past(self, signature: str) -> Path:
        return self._folder / "read" / f"{signature}.json"


def _value_in(file: Path) -> object:
    """What a file holds; None where it can't be read."""
    try:
        return decode(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None
