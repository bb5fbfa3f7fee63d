"""The names a schema must have, so that the health check can look for them without SQLAlchemy. Generated
from the models by scripts/generate_expected.py; a test keeps it equal to them."""

from __future__ import annotations

TABLES: frozenset[str] = frozenset(
    {
        "api_token",
        "audit",
        "audit_head",
        "backup",
        "backup_evidence",
        "command",
        "login_session",
        "migration_history",
        "migration_run",
        "online_user",
        "operation",
        "operation_line",
        "operation_phase",
        "registered_database",
        "replacement",
        "seed_part",
        "seed_run",
        "session",
        "sign_in_failure",
        "sign_in_link",
        "size_sample",
        "ssh_profile",
        "sync_data",
        "target_lock",
        "user",
        "user_log",
    }
)
_COLUMNS = """
api_token created_at created_by expires_at hash id last_used_at name prefix revoked_at
api_token revoked_by role user_id
audit action actor address at details event hash id operation_id outcome previous_hash
audit target through
audit_head entries hash id
backup data_size database database_id dialect encrypted_to file has_contents id is_own
backup is_pinned is_whole level made_by manifest_sha256 note operation_id origin proven_at
backup reason removed_at restore_seconds revision row_count seconds server sha256 size
backup storage table_count taken_at tool
backup_evidence backup_id details id is_met level operation_id seconds seen_at
command ai_suggested created_at duration environment error exit_code explanation id output
command session_id text user_id working_dir
login_session created_at expires_at id ip_address last_seen online_user_id proven_at stays
login_session token_hash user_agent user_id
migration_history applied_at applied_by duration id migration_name revision
migration_run applied_by backup database direction fingerprint from_revision health_after
migration_run health_before id plan_hash revisions seconds started_at state to_revision
online_user id ip_address last_seen login_datetime user_agent user_id username
operation actor address arguments attempt attempts cancel_requested_at cancel_requested_by
operation created_at done error_code error_hint error_message finished_at heartbeat_at id
operation kind lease_until phase result role started_at state target through title
operation token_prefix total unit user_id worker
operation_line at id message operation_id
operation_phase attempt done finished_at name operation_id position speeds started_at total
operation_phase unit
registered_database account checked_at created_at created_by database_name dialect
registered_database environment host id message name password port size state tls_mode
registered_database tls_root_certificate version
replacement backup_id created_at database database_id id is_own kept_name kept_until
replacement live_identity live_name new_identity new_name operation_id state swapped_at
seed_part done first first_key id parents removed_at run_id seconds seed set_aside
seed_part table_name wanted
seed_run database finished_at id made_by mode operation_id seconds seed started_at
seed_run undone_at updated wanted
session columns device ended_at id last_active_at rows ssh_profile_id started_at user_id
sign_in_failure account at id ip_address network
sign_in_link created_at expires_at id issuer purpose token_hash used_at user_id
size_sample database_id id size taken_at
ssh_profile auth_method created_at fingerprint host id key_type last_used_at options port
ssh_profile use_count user_id username
sync_data conflict data_type device id metadata resolution synced_at user_id version
target_lock actor host operation_id pid process taken_at target title
user created_at email id is_active name password_hash role subscription_tier updated_at
user username
user_log action id ip_address timestamp user_agent user_id username
"""
COLUMNS: frozenset[tuple[str, str]] = frozenset(
    (table, column)
    for table, *columns in (line.split() for line in _COLUMNS.strip().splitlines())
    for column in columns
)
INDEXES: frozenset[str] = frozenset(
    {
        "ix_api_token_user_id",
        "ix_audit_action",
        "ix_audit_actor",
        "ix_audit_at",
        "ix_audit_operation_id",
        "ix_backup_database_id",
        "ix_backup_database_taken_at",
        "ix_backup_evidence_backup_id_id",
        "ix_backup_taken_at_id",
        "ix_command_created_at",
        "ix_command_session_id",
        "ix_command_user_id",
        "ix_login_session_expires_at",
        "ix_login_session_online_user_id",
        "ix_login_session_user_id",
        "ix_migration_run_database_started_at",
        "ix_online_user_login_datetime",
        "ix_online_user_user_id",
        "ix_online_user_username",
        "ix_operation_actor",
        "ix_operation_kind",
        "ix_operation_line_operation_id_id",
        "ix_operation_state_id",
        "ix_replacement_backup_id",
        "ix_replacement_database_id",
        "ix_replacement_state_kept_until",
        "ix_seed_part_run_id",
        "ix_seed_part_table_name_seed",
        "ix_seed_run_database_started_at",
        "ix_seed_run_operation_id",
        "ix_session_ssh_profile_id",
        "ix_session_started_at",
        "ix_session_user_id",
        "ix_sign_in_failure_account_at",
        "ix_sign_in_failure_at",
        "ix_sign_in_failure_network_at",
        "ix_sign_in_link_user_id",
        "ix_size_sample_database_id_taken_at",
        "ix_ssh_profile_created_at",
        "ix_ssh_profile_user_id",
        "ix_sync_data_data_type",
        "ix_sync_data_synced_at",
        "ix_sync_data_user_id",
        "ix_user_created_at",
        "ix_user_created_at_id",
        "ix_user_email",
        "ix_user_is_active_id",
        "ix_user_log_action",
        "ix_user_log_ip_address",
        "ix_user_log_timestamp",
        "ix_user_log_user_id",
        "ix_user_log_username",
        "ix_user_log_username_timestamp",
        "ix_user_name_id",
        "ix_user_role_id",
        "ix_user_subscription_tier_id",
        "ix_user_username",
    }
)
CONSTRAINTS: frozenset[str] = frozenset(
    {
        "ck_api_token_role",
        "ck_audit_event",
        "ck_backup_evidence_level",
        "ck_backup_level",
        "ck_backup_origin",
        "ck_command_duration",
        "ck_command_exit_code",
        "ck_migration_run_direction",
        "ck_migration_run_state",
        "ck_operation_state",
        "ck_registered_database_dialect",
        "ck_registered_database_environment",
        "ck_replacement_state",
        "ck_seed_part_rows",
        "ck_seed_run_mode",
        "ck_session_ended_at",
        "ck_session_terminal_size",
        "ck_sign_in_link_purpose",
        "ck_ssh_profile_auth_method",
        "ck_ssh_profile_port",
        "ck_ssh_profile_use_count",
        "ck_sync_data_resolution",
        "ck_sync_data_version",
        "ck_user_email_format",
        "ck_user_log_action",
        "ck_user_name_length",
        "ck_user_role",
        "ck_user_subscription_tier",
        "ck_user_username_length",
        "fk_api_token_user_id",
        "fk_backup_database_id",
        "fk_backup_evidence_backup_id",
        "fk_command_session_id",
        "fk_command_user_id",
        "fk_login_session_online_user_id",
        "fk_login_session_user_id",
        "fk_online_user_user_id",
        "fk_operation_line_operation_id",
        "fk_operation_phase_operation_id",
        "fk_replacement_backup_id",
        "fk_replacement_database_id",
        "fk_seed_part_run_id",
        "fk_session_ssh_profile_id",
        "fk_session_user_id",
        "fk_sign_in_link_user_id",
        "fk_size_sample_database_id",
        "fk_ssh_profile_user_id",
        "fk_sync_data_user_id",
        "fk_user_log_user_id",
        "uq_api_token_prefix",
        "uq_audit_hash",
        "uq_audit_previous_hash",
        "uq_backup_file",
        "uq_login_session_token_hash",
        "uq_migration_history_migration_name",
        "uq_registered_database_name",
        "uq_sign_in_link_token_hash",
    }
)
