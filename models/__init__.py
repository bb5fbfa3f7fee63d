"""The tables: one file a noun, no queries."""

from models.api_token import ApiToken
from models.audit import AuditEvent, AuditHead
from models.backup import Backup, BackupEvidence, Replacement
from models.base import db
from models.command import Command
from models.login_session import LoginSession, SignInFailure, SignInLink
from models.migration_history import MigrationHistory
from models.migration_run import MigrationRun
from models.online_user import OnlineUser
from models.operation import OperationLine, OperationPhase, OperationRecord, TargetLock
from models.registered_database import RegisteredDatabase
from models.seed_run import SeedPart, SeedRun
from models.session import Session
from models.size_sample import SizeSample
from models.ssh_profile import SshProfile
from models.sync_data import SyncData
from models.user import User
from models.user_log import UserLog

__all__ = [
    "ApiToken",
    "AuditEvent",
    "AuditHead",
    "Backup",
    "BackupEvidence",
    "Command",
    "LoginSession",
    "MigrationHistory",
    "MigrationRun",
    "OnlineUser",
    "OperationLine",
    "OperationPhase",
    "OperationRecord",
    "RegisteredDatabase",
    "Replacement",
    "SeedPart",
    "SeedRun",
    "Session",
    "SignInFailure",
    "SignInLink",
    "SizeSample",
    "SshProfile",
    "SyncData",
    "TargetLock",
    "User",
    "UserLog",
    "db",
]
