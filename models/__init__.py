"""The tables: one file a noun, no queries."""

from models.audit import AuditEvent
from models.base import db
from models.command import Command
from models.login_session import LoginSession, SignInLink
from models.migration_history import MigrationHistory
from models.online_user import OnlineUser
from models.operation import OperationLine, OperationRecord, TargetLock
from models.session import Session
from models.ssh_profile import SshProfile
from models.sync_data import SyncData
from models.user import User
from models.user_log import UserLog

__all__ = [
    "AuditEvent",
    "Command",
    "LoginSession",
    "MigrationHistory",
    "OnlineUser",
    "OperationLine",
    "OperationRecord",
    "Session",
    "SignInLink",
    "SshProfile",
    "SyncData",
    "TargetLock",
    "User",
    "UserLog",
    "db",
]
