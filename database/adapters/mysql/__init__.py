"""MySQL: its adapter and what that is made of; MariaDB states only its differences."""
