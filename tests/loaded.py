"""What programs of ours load sooner or later, loaded once for all of them by the server that forks."""

from __future__ import annotations

import importlib
import pkgutil

import psycopg2
import pymysql

import cli
import database.adapters.mysql
import database.adapters.postgresql
import database.adapters.sqlite
import features

LOADED = [
    importlib.import_module(found.name)
    for package in (cli, database, features)
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
]
DRIVERS = (psycopg2, pymysql)
