"""The recipes of the application's own tables, each after what it refers to."""

from __future__ import annotations

from features.recipes.commands import COMMANDS
from features.recipes.recipe import Recipe
from features.recipes.sessions import SESSIONS
from features.recipes.sign_ins import SIGN_INS
from features.recipes.ssh import SSH
from features.recipes.sync import SYNC
from features.recipes.users import USERS

RECIPES: tuple[Recipe, ...] = (USERS, SSH, SESSIONS, COMMANDS, SYNC)
TYPES = tuple(recipe.type for recipe in RECIPES)
BY_TYPE = {recipe.type: recipe for recipe in (*RECIPES, SIGN_INS)}
BY_TABLE = {recipe.table: recipe for recipe in BY_TYPE.values()}
ORDER = tuple(BY_TABLE)
