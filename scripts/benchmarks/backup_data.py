"""What the benchmark of backups backs up: `users` people and `rows` of their log, with indexes."""

from __future__ import annotations

DATA = (
    """CREATE TABLE users (
        id bigint NOT NULL, username text NOT NULL, email text NOT NULL, name text NOT NULL,
        password_hash text NOT NULL, role text NOT NULL, is_active boolean NOT NULL,
        created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL)""",
    """CREATE TABLE user_log (
        id bigint NOT NULL, user_id bigint NOT NULL, username text NOT NULL, action text NOT NULL,
        at timestamptz NOT NULL, ip_address text NOT NULL, user_agent text NOT NULL)""",
    """INSERT INTO users SELECT n, 'user' || n, 'user' || n || '@example.com', 'Some Body ' || n % 9973,
        '$argon2id$v=19$m=19456,t=2,p=1$' || md5(n::text), (ARRAY['viewer', 'operator', 'admin'])[1 + n % 3],
        n % 7 > 0, timestamptz '2020-01-01' + n * interval '97 s',
        timestamptz '2025-01-01' + n * interval '11 s' FROM generate_series(1::bigint, {users}) AS n""",
    """INSERT INTO user_log SELECT n, 1 + n * 7919 % {users}, 'user' || 1 + n * 7919 % {users},
        CASE n % 2 WHEN 0 THEN 'login' ELSE 'logout' END, timestamptz '2021-01-01' + n * interval '31 s',
        '10.' || n % 251 || '.' || n % 241 || '.' || n % 239,
        'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/' || 100 + n % 40 || '.0 Safari/537.36'
        FROM generate_series(1::bigint, {rows}) AS n""",
    "ALTER TABLE users ADD PRIMARY KEY (id)",
    "ALTER TABLE user_log ADD PRIMARY KEY (id)",
    "CREATE UNIQUE INDEX ON users (username)",
    "CREATE UNIQUE INDEX ON users (email)",
    "CREATE INDEX ON users (created_at)",
    "CREATE INDEX ON user_log (user_id)",
    "CREATE INDEX ON user_log (username)",
    "CREATE INDEX ON user_log (at)",
    "CREATE INDEX ON user_log (ip_address)",
    "ALTER TABLE user_log ADD FOREIGN KEY (user_id) REFERENCES users",
    "ANALYZE",
)
