"""Every kind of change a hand can make to a schema, and the sentence that must name it."""

from __future__ import annotations

from tests.database.schemas import Change, Rewrite

ROLES = "CHECK (role IN ('viewer', 'operator', 'admin', 'root'))"
CHECKS = (
    Change(  # weakened
        "Check ck_user_role on user differs: the models say ",
        Rewrite("user", "'admin')", "'admin', 'root')"),
        'ALTER TABLE "user" DROP CONSTRAINT ck_user_role; '
        f'ALTER TABLE "user" ADD CONSTRAINT ck_user_role {ROLES}',
        "ALTER TABLE user DROP CONSTRAINT ck_user_role; "
        f"ALTER TABLE user ADD CONSTRAINT ck_user_role {ROLES}",
    ),
    Change(  # says the same and refuses nothing, or not what is there
        "Check ck_ssh_profile_port on ssh_profile differs: the models say ",
        Rewrite("ssh_profile", "65535)", "65535 OR 1)"),
        "ALTER TABLE ssh_profile DROP CONSTRAINT ck_ssh_profile_port; ALTER TABLE ssh_profile "
        "ADD CONSTRAINT ck_ssh_profile_port CHECK (port BETWEEN 1 AND 65535) NOT VALID",
        "ALTER TABLE ssh_profile DROP CONSTRAINT ck_ssh_profile_port; ALTER TABLE ssh_profile "
        "ADD CONSTRAINT ck_ssh_profile_port CHECK (port BETWEEN 1 AND 65535 OR 1)",
    ),
    Change(  # asleep
        "Check ck_sync_data_version on sync_data differs: the models say ",
        mysql="ALTER TABLE sync_data ALTER CHECK ck_sync_data_version NOT ENFORCED",
        mariadb="",
    ),
    Change(
        "Check ck_command_duration on command is missing.",
        Rewrite("command", ", CONSTRAINT ck_command_duration CHECK (duration >= 0)", ""),
        "ALTER TABLE command DROP CONSTRAINT ck_command_duration",
        "ALTER TABLE command DROP CONSTRAINT ck_command_duration",
    ),
    Change(
        "Check ck_mine on audit is not in the models.",
        Rewrite("audit", ", CONSTRAINT pk_audit", ", CONSTRAINT ck_mine CHECK (id > 0), CONSTRAINT pk_audit"),
        "ALTER TABLE audit ADD CONSTRAINT ck_mine CHECK (target <> '')",
        "ALTER TABLE audit ADD CONSTRAINT ck_mine CHECK (target <> '')",
    ),
    Change(
        "Check device on session is not in the models.",
        mariadb="ALTER TABLE session MODIFY device VARCHAR(100) NOT NULL CHECK (device <> '')",
    ),
)
KEYS_AND_INDEXES = (
    Change(
        "Index ix_user_created_at on user is missing.",
        "DROP INDEX ix_user_created_at",
        "DROP INDEX ix_user_created_at",
        "DROP INDEX ix_user_created_at ON user",
    ),
    Change(
        "Index mine on audit is not in the models.",
        "CREATE INDEX mine ON audit (target)",
        "CREATE INDEX mine ON audit (target)",
        "CREATE INDEX mine ON audit (target)",
    ),
    Change(
        "Index ix_operation_kind on operation differs: the models say (kind), the database has (title",
        "DROP INDEX ix_operation_kind; CREATE INDEX ix_operation_kind ON operation (title)",
        "DROP INDEX ix_operation_kind; CREATE INDEX ix_operation_kind ON operation (title)",
        "DROP INDEX ix_operation_kind ON operation; CREATE INDEX ix_operation_kind ON operation (title(9))",
    ),
    Change(
        "Index ix_operation_actor on operation differs: the models say (actor), the database has (actor) ",
        "DROP INDEX ix_operation_actor; CREATE INDEX ix_operation_actor ON operation (actor) WHERE id > ''",
        "DROP INDEX ix_operation_actor; CREATE INDEX ix_operation_actor ON operation (actor) WHERE id > ''",
    ),
    Change(
        "Index ix_operation_state_id on operation differs: "
        "the models say (state, id), the database has (state, id) INVALID.",
        postgresql=(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_operation_state_id'::regclass"
        ),
    ),
    Change(
        "Index ix_operation_state_id on operation differs: "
        "the models say (state, id), the database has (state, id) ",
        mysql="ALTER TABLE operation ALTER INDEX ix_operation_state_id INVISIBLE",
        mariadb="ALTER TABLE operation ALTER INDEX ix_operation_state_id IGNORED",
    ),
    Change(
        "Index ix_user_email on user differs: the models say UNIQUE (email), the database has (email).",
        "DROP INDEX ix_user_email; CREATE INDEX ix_user_email ON user (email)",
        'DROP INDEX ix_user_email; CREATE INDEX ix_user_email ON "user" (email)',
        "DROP INDEX ix_user_email ON user; CREATE INDEX ix_user_email ON user (email)",
    ),
    Change(
        "Index uq_audit_hash on audit is missing.",
        Rewrite("audit", ", CONSTRAINT uq_audit_hash UNIQUE (hash)", ""),
        "ALTER TABLE audit DROP CONSTRAINT uq_audit_hash",
        "DROP INDEX uq_audit_hash ON audit",
    ),
    Change(
        "The primary key of target_lock differs: the models say (target), "
        "the database has (target, operation_id).",
        Rewrite("target_lock", "PRIMARY KEY (target)", "PRIMARY KEY (target, operation_id)"),
        "ALTER TABLE target_lock DROP CONSTRAINT pk_target_lock; "
        "ALTER TABLE target_lock ADD CONSTRAINT pk_target_lock PRIMARY KEY (target, operation_id)",
        "ALTER TABLE target_lock DROP PRIMARY KEY, ADD PRIMARY KEY (target, operation_id)",
    ),
    Change(
        "Foreign key fk_session_user_id on session is missing.",
        Rewrite(
            "session",
            ", CONSTRAINT fk_session_user_id FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE CASCADE",
            "",
        ),
        "ALTER TABLE session DROP CONSTRAINT fk_session_user_id",
        "ALTER TABLE session DROP CONSTRAINT fk_session_user_id",
    ),
    Change(
        "Foreign key fk_command_user_id on command differs: "
        "the models say (user_id) REFERENCES user (id) ON DELETE CASCADE, the database has "
        "(user_id) REFERENCES user (id).",
        Rewrite("command", "REFERENCES user (id) ON DELETE CASCADE", "REFERENCES user (id)"),
        "ALTER TABLE command DROP CONSTRAINT fk_command_user_id; ALTER TABLE command "
        'ADD CONSTRAINT fk_command_user_id FOREIGN KEY (user_id) REFERENCES "user" (id)',
        "ALTER TABLE command DROP CONSTRAINT fk_command_user_id; ALTER TABLE command "
        "ADD CONSTRAINT fk_command_user_id FOREIGN KEY (user_id) REFERENCES user (id)",
    ),
)
COLUMNS = (
    Change(
        "Table session: column rows differs: the models say ",
        Rewrite("session", "rows INTEGER", "rows SMALLINT"),
        "ALTER TABLE session ALTER COLUMN rows TYPE SMALLINT",
        "ALTER TABLE session MODIFY `rows` SMALLINT NOT NULL",
    ),
    Change(
        "Table session: column device differs: the models say ",
        Rewrite("session", "device VARCHAR(100)", "device VARCHAR(99)"),
        "ALTER TABLE session ALTER COLUMN device TYPE VARCHAR(99)",
        "ALTER TABLE session MODIFY device VARCHAR(99) NOT NULL",
    ),
    Change(  # required no more
        "Table ssh_profile: column host differs: the models say ",
        Rewrite("ssh_profile", "host VARCHAR(255) NOT NULL", "host VARCHAR(255)"),
        "ALTER TABLE ssh_profile ALTER COLUMN host DROP NOT NULL",
        "ALTER TABLE ssh_profile MODIFY host VARCHAR(255)",
    ),
    Change(
        "Table sync_data: column device differs: the models say ",
        Rewrite("sync_data", "device VARCHAR(100)", "device VARCHAR(100) DEFAULT 'laptop'"),
        "ALTER TABLE sync_data ALTER COLUMN device SET DEFAULT 'laptop'",
        "ALTER TABLE sync_data ALTER COLUMN device SET DEFAULT 'laptop'",
    ),
    Change(  # counts up no more
        "Table audit: column id differs: the models say ",
        postgresql="ALTER TABLE audit ALTER COLUMN id DROP DEFAULT",
        mysql="ALTER TABLE audit MODIFY id BIGINT NOT NULL",
    ),
    Change(
        "Table online_user: column user_agent differs: the models say ",
        Rewrite("online_user", "user_agent VARCHAR(255)", "user_agent VARCHAR(255) COLLATE NOCASE"),
        'ALTER TABLE online_user ALTER COLUMN user_agent TYPE VARCHAR(255) COLLATE "C"',
        "ALTER TABLE online_user MODIFY user_agent VARCHAR(255) COLLATE utf8mb4_general_ci NOT NULL",
    ),
    Change(  # moments without fractions
        "Table audit: column at differs: the models say ",
        Rewrite("audit", "at DATETIME", "at DATE"),
        "ALTER TABLE audit ALTER COLUMN at TYPE TIMESTAMP(0) WITH TIME ZONE",
        "ALTER TABLE audit MODIFY at DATETIME NOT NULL",
    ),
    Change(  # moments without a zone
        "Table operation: column created_at differs: the models say timestamp with time zone NOT NULL, "
        "the database has timestamp without time zone NOT NULL.",
        postgresql="ALTER TABLE operation ALTER COLUMN created_at TYPE TIMESTAMP",
    ),
    Change(
        "Table operation_line: column message is missing.",
        "ALTER TABLE operation_line DROP COLUMN message",
        "ALTER TABLE operation_line DROP COLUMN message",
        "ALTER TABLE operation_line DROP COLUMN message",
    ),
    Change(
        "Table operation: column mine is not in the models.",
        "ALTER TABLE operation ADD COLUMN mine INTEGER",
        "ALTER TABLE operation ADD COLUMN mine INTEGER",
        "ALTER TABLE operation ADD COLUMN mine INTEGER",
    ),
)
TABLES = (
    Change(
        "Table migration_history differs: "
        "the models say ENGINE InnoDB, CHARSET utf8mb4, COLLATE utf8mb4_bin, "
        "the database has ENGINE InnoDB, CHARSET utf8mb4, COLLATE utf8mb4_general_ci.",
        mysql="ALTER TABLE migration_history COLLATE utf8mb4_general_ci",
    ),
    Change(
        "Table audit differs: "
        "the models say ENGINE InnoDB, CHARSET utf8mb4, COLLATE utf8mb4_bin, "
        "the database has ENGINE MyISAM, CHARSET utf8mb4, COLLATE utf8mb4_bin.",
        mysql="ALTER TABLE audit ENGINE MyISAM",
    ),
    Change(  # a crash empties it
        "Table migration_history differs: the models say nothing, the database has UNLOGGED.",
        postgresql="ALTER TABLE migration_history SET UNLOGGED",
    ),
    Change(
        "Table operation_line is missing.",
        "DROP TABLE operation_line",
        "DROP TABLE operation_line",
        "DROP TABLE operation_line",
    ),
)
