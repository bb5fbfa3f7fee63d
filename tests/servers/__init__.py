"""Real servers for the tests: found, started privately, and handed to every test as one `Server`."""

from tests.servers.cache import Unavailable
from tests.servers.fleet import Fleet, PrivateServer, available, running
from tests.servers.server import DIALECTS, Missing, Server

__all__ = ["DIALECTS", "Fleet", "Missing", "PrivateServer", "Server", "Unavailable", "available", "running"]
