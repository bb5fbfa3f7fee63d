"""A PostgreSQL database of all that it knows, under names that mean something elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

LONG = "l" + "ä" * 31  # 63 bytes
ODD = """a""b 'c' d-e=f%g.é\\h Ü"""  # as it is written between double quotes
DASHES = "--file=x"

_TYPES = (
    "CREATE SCHEMA app",
    f'CREATE SCHEMA "{ODD}"',
    'CREATE SCHEMA "Empty One"',
    "CREATE TYPE app.mood AS ENUM ('sad', 'it''s ok', 'ünï', 'Ok')",
    "ALTER TYPE app.mood ADD VALUE 'so so' BEFORE 'Ok'",
    "CREATE DOMAIN app.email AS text NOT NULL DEFAULT 'a@b' CONSTRAINT has_at CHECK (VALUE ~ '@')"
    ' CONSTRAINT "is short" CHECK (length(VALUE) < 99)',
    "CREATE DOMAIN app.emails AS app.email[]",
    'CREATE TYPE app.pair AS (a int, "B b" text, m app.mood)',
    "CREATE TYPE app.floats AS RANGE (subtype = float8, subtype_diff = float8mi)",
    "CREATE COLLATION app.bytes (provider = libc, locale = 'C')",
    "CREATE FUNCTION app.twice(n int) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT n * 2'",
    "CREATE FUNCTION app.twice(n text) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT n || '; --' || n$$",
    "CREATE FUNCTION app.\"a %s f\"(INOUT x int, VARIADIC y text[] DEFAULT '{}') LANGUAGE plpgsql"
    " SECURITY DEFINER SET search_path TO app, \"$user\" SET work_mem TO '7MB' COST 7"
    " AS $$BEGIN x := x + 1; END$$",
    "CREATE PROCEDURE app.do_it(a int, INOUT b text) LANGUAGE plpgsql AS $$BEGIN b := a; COMMIT; END$$",
    "CREATE FUNCTION app.rows() RETURNS TABLE (a int, b text) LANGUAGE sql ROWS 5 AS $$SELECT 1, 'x'$$",
    "CREATE AGGREGATE app.total(int) (sfunc = int4pl, stype = int, initcond = '0')",
    "CREATE AGGREGATE app.longest(text) (sfunc = textcat, stype = text)",
    "CREATE OPERATOR app.=== (leftarg = int, rightarg = int, function = int4eq,"
    " commutator = OPERATOR(app.===))",
    "CREATE OPERATOR app.!! (rightarg = int, function = app.twice)",
    "CREATE CAST (app.pair AS text) WITH INOUT AS ASSIGNMENT",
    "CREATE TEXT SEARCH DICTIONARY app.plain (template = simple, stopwords = english)",
    'CREATE TEXT SEARCH CONFIGURATION app."My words" (copy = simple)',
    'ALTER TEXT SEARCH CONFIGURATION app."My words" ALTER MAPPING FOR asciiword WITH app.plain',
    "CREATE CONVERSION app.conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
    "CREATE SEQUENCE app.counter START 100 INCREMENT -10 MINVALUE -1000 MAXVALUE 100 CYCLE CACHE 5",
    "CREATE SEQUENCE app.untouched AS smallint START 7",
    "SELECT nextval('app.counter'), nextval('app.counter')",
)
_TABLES = (
    "CREATE TABLE app.person (id int GENERATED ALWAYS AS IDENTITY (START 10) PRIMARY KEY,"
    " name text COLLATE app.bytes NOT NULL DEFAULT 'x''y', mail app.email, m app.mood DEFAULT 'Ok',"
    " p app.pair, n numeric(12, 3), k app.mood[], big int GENERATED ALWAYS AS (app.twice(id)) STORED,"
    " UNIQUE NULLS NOT DISTINCT (name, n)) WITH (fillfactor = 70, autovacuum_enabled = false)",
    "ALTER TABLE app.person DROP COLUMN k",
    "ALTER TABLE app.person ADD COLUMN later int DEFAULT 5, ALTER COLUMN name SET STATISTICS 7,"
    " ALTER COLUMN name SET STORAGE EXTERNAL",
    "CREATE TABLE app.serials (id bigserial, s smallserial, t text)",
    "CREATE TABLE app.bits (id int PRIMARY KEY, a bit(9), b varbit, c bytea, d point, e interval, f json,"
    " g jsonb, h inet, i macaddr, j float8, k float4, l timestamptz, m time, n timetz, o date, p char(9),"
    ' q "char", r uuid, t tsvector, u int4range, v money, w polygon, x int[][], y daterange[],'
    " z app.floats, aa bool, bb name, cc pg_lsn, dd timestamp, ee numeric, ff varchar)",
    "CREATE TABLE app.nothing ()",
    "CREATE TABLE app.empty_one (a int)",
    "CREATE TABLE app.twins (a int, b text)",
    "CREATE UNLOGGED TABLE app.quick (a int)",
    f'CREATE TABLE "{ODD}"."{ODD}" ("{ODD}" int PRIMARY KEY, "x y" text DEFAULT \'%s\', UNIQUE ("x y"))',
    f'CREATE TABLE app."{LONG}" ("{LONG}" int)',
    f'CREATE TABLE app."{DASHES}" ("-- x" int, "select" int, "UPPER" int)',
    'CREATE TABLE app."new\nline" ("new\ncolumn" int)',
    "CREATE TABLE app.parted (id int, at date, what text) PARTITION BY RANGE (at)",
    "CREATE TABLE app.parted_old PARTITION OF app.parted FOR VALUES FROM (MINVALUE) TO ('2020-01-01')",
    "CREATE TABLE app.parted_new PARTITION OF app.parted FOR VALUES FROM ('2020-01-01') TO (MAXVALUE)"
    " PARTITION BY LIST (what)",
    "CREATE TABLE app.parted_new_a PARTITION OF app.parted_new (CHECK (id > 0)) FOR VALUES IN ('a', NULL)",
    "CREATE TABLE app.parted_new_rest PARTITION OF app.parted_new DEFAULT PARTITION BY HASH (id)",
    "CREATE TABLE app.parted_h0 PARTITION OF app.parted_new_rest FOR VALUES WITH (modulus 2, remainder 0)",
    "CREATE TABLE app.parted_h1 PARTITION OF app.parted_new_rest FOR VALUES WITH (modulus 2, remainder 1)",
    "CREATE INDEX parted_at ON app.parted (at DESC NULLS LAST) INCLUDE (id)",
    "ALTER TABLE app.parted ADD CONSTRAINT parted_unique UNIQUE (id, at, what)",
    "CREATE TABLE app.moods (m app.mood, n int) PARTITION BY HASH (m)",
    "CREATE TABLE app.moods_0 PARTITION OF app.moods FOR VALUES WITH (modulus 2, remainder 0)",
    "CREATE TABLE app.moods_1 PARTITION OF app.moods FOR VALUES WITH (modulus 2, remainder 1)",
    "CREATE TABLE app.base (a int CHECK (a > 0), b text DEFAULT 'base')",
    "CREATE TABLE app.other_base (c int)",
    "CREATE TABLE app.derived (d int, b text DEFAULT 'derived') INHERITS (app.base, app.other_base)",
    "CREATE TABLE app.a_side (id int PRIMARY KEY, b int)",
    "CREATE TABLE app.b_side (id int PRIMARY KEY, a int REFERENCES app.a_side ON DELETE CASCADE)",
    "ALTER TABLE app.a_side ADD CONSTRAINT circle FOREIGN KEY (b) REFERENCES app.b_side"
    " DEFERRABLE INITIALLY DEFERRED",
    "CREATE TABLE app.self_ref (id int PRIMARY KEY, up int REFERENCES app.self_ref)",
    "CREATE TABLE app.late (a int)",
    "ALTER TABLE app.late ADD CONSTRAINT not_yet CHECK (a > 5) NOT VALID",
    "CREATE TABLE app.booking (during tsrange, EXCLUDE USING gist (during WITH &&)"
    " WHERE (NOT isempty(during)))",
    "CREATE TABLE app.typed OF app.pair (PRIMARY KEY (a))",
    "CREATE TABLE app.made_by_call (a int DEFAULT nextval('app.counter'), b text DEFAULT app.twice('z'))",
    "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)",
    "CREATE TABLE app.log_lines (id serial PRIMARY KEY, what text)",
    "ALTER SEQUENCE app.log_lines_id_seq RESTART WITH 1",
)
_ROWS = (
    "INSERT INTO alembic_version VALUES ('0a1b2c')",
    "INSERT INTO app.person (name, mail, p, n) VALUES ('anna', 'a@x', (1, 'b\"\\', 'sad'), 1.10),"
    " (E'gö\\tdel\\n\\\\.', 'b@x', NULL, 'NaN'), ('', 'c@x', (NULL, NULL, NULL), -0)",
    "DELETE FROM app.person WHERE name = ''",
    "SELECT setval('app.serials_id_seq', 2147483999)",
    "INSERT INTO app.serials (t) VALUES (NULL), (''), ('\\N')",
    "INSERT INTO app.bits VALUES (1, b'101010101', b'1', '\\x00ff0a0d5c27', '(1,2)',"
    " '1 mon 2 days 03:04:05.6',"
    " '{\"b\": 1,  \"a\": [null]}', '{\"b\": 1.0, \"a\": [null]}', '10.0.0.1/8', '08:00:2b:01:02:03', 0.1,"
    " 0.1, '2026-11-25 01:02:03.123456+01', '23:59:60', '01:02:03+05', '0044-03-15 BC', 'a', 'x',"
    " '123e4567-e89b-12d3-a456-426655440000', 'a:1 b:2', '[1,5)', 12.34, '((0,0),(1,1),(1,0))',"
    " '{{1,2},{3,NULL}}', '{\"[2020-01-01,)\"}', '[1.5,2.5]', true, 'na\"me', '16/B374D848',"
    " '2026-11-25 01:02:03', 1.50, E'\\u2603')",
    "INSERT INTO app.bits (id, j, k, l, o, ee, g) VALUES (2, 'NaN', '-Infinity', 'infinity', '-infinity',"
    " 'Infinity', 'null'), (3, '-0', 1e-40, 'epoch', '9999-12-31', 1e100, '\"\"')",
    "INSERT INTO app.nothing DEFAULT VALUES",
    "INSERT INTO app.nothing DEFAULT VALUES",
    "INSERT INTO app.twins VALUES (1, 'x'), (1, 'x'), (NULL, NULL), (2, 'x')",
    "INSERT INTO app.quick SELECT generate_series(1, 9)",
    f'INSERT INTO "{ODD}"."{ODD}" VALUES (1, \'x\')',
    f'INSERT INTO app."{LONG}" VALUES (1)',
    "INSERT INTO app.parted VALUES (1, '1999-01-01', 'x'), (2, '2021-01-01', 'a'), (3, '2021-01-01', 'b'),"
    " (4, '2022-01-01', 'c'), (5, '2022-01-01', NULL)",
    "INSERT INTO app.moods VALUES ('sad', 1), ('Ok', 2), ('ünï', 3)",
    "INSERT INTO app.base VALUES (1, 'base')",
    "INSERT INTO app.derived VALUES (2, 'derived', 3, 4)",
    "BEGIN; INSERT INTO app.a_side VALUES (1, 1), (2, 1); INSERT INTO app.b_side VALUES (1, 2); COMMIT",
    "INSERT INTO app.self_ref VALUES (1, 2), (2, 1)",
    "INSERT INTO app.booking VALUES ('[2020-01-01, 2020-02-01)'), ('empty'), ('empty')",
    "INSERT INTO app.typed VALUES (1, 'b', 'sad')",
    "INSERT INTO app.made_by_call DEFAULT VALUES",
    "SELECT lo_from_bytea(0, 'abc'), lo_from_bytea(0, decode(repeat('00ff', 600000), 'hex')), lo_create(0)",
)
_AROUND = (
    "CREATE INDEX person_lower ON app.person (lower(name) text_pattern_ops, (n + 1)) WHERE n > 0",
    'CREATE INDEX "a %s index" ON app.bits USING gin (g jsonb_path_ops)',
    "CREATE INDEX bits_brin ON app.bits USING brin (l) WITH (pages_per_range = 4)",
    "ALTER TABLE app.twins REPLICA IDENTITY FULL",
    "ALTER TABLE app.a_side CLUSTER ON a_side_pkey",
    "CREATE STATISTICS app.twins_stats (ndistinct, dependencies) ON a, b FROM app.twins",
    "CREATE STATISTICS app.expr_stats ON (a + 1), (lower(b)) FROM app.twins",
    "ALTER STATISTICS app.twins_stats SET STATISTICS 50",
    "CREATE VIEW app.v_person AS SELECT id, name FROM app.person WHERE name <> 'it''s; --'",
    "CREATE VIEW app.v_on_view WITH (security_barrier) AS SELECT v.*, t.b FROM app.v_person v"
    " LEFT JOIN app.twins t ON t.a = v.id",
    "CREATE VIEW app.v_checked AS SELECT * FROM app.twins WHERE a > 0 WITH CASCADED CHECK OPTION",
    "CREATE RECURSIVE VIEW v_rec (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM v_rec WHERE n < 5",
    "CREATE MATERIALIZED VIEW app.m_full AS SELECT count(*) AS c, app.total(a) FROM app.twins",
    "CREATE MATERIALIZED VIEW app.m_on_m AS SELECT c * 2 AS d FROM app.m_full",
    "CREATE UNIQUE INDEX ON app.m_on_m (d)",
    "CREATE MATERIALIZED VIEW app.m_empty AS SELECT * FROM app.v_on_view WITH NO DATA",
    "CREATE FUNCTION app.mark() RETURNS trigger LANGUAGE plpgsql AS"
    " $$BEGIN NEW.what := NEW.what || TG_ARGV[0]; RETURN NEW; END$$",
    "CREATE TRIGGER b_one BEFORE INSERT ON app.log_lines FOR EACH ROW EXECUTE FUNCTION app.mark('!')",
    "CREATE TRIGGER a_two BEFORE INSERT OR UPDATE OF what ON app.log_lines FOR EACH ROW"
    " WHEN (NEW.what <> '''') EXECUTE FUNCTION app.mark('it''s?')",
    'CREATE TRIGGER "c %s off" BEFORE INSERT ON app.log_lines FOR EACH ROW'
    " EXECUTE FUNCTION app.mark('off')",
    'ALTER TABLE app.log_lines DISABLE TRIGGER "c %s off"',
    "CREATE TRIGGER d_always BEFORE DELETE ON app.log_lines FOR EACH ROW EXECUTE FUNCTION app.mark('x')",
    "ALTER TABLE app.log_lines ENABLE ALWAYS TRIGGER d_always",
    "CREATE CONSTRAINT TRIGGER e_late AFTER INSERT ON app.log_lines DEFERRABLE INITIALLY DEFERRED"
    " FOR EACH ROW EXECUTE FUNCTION app.mark('y')",
    "ALTER TABLE app.log_lines DISABLE TRIGGER e_late",
    "CREATE TRIGGER on_parts BEFORE INSERT ON app.parted FOR EACH ROW EXECUTE FUNCTION app.mark('p')",
    "ALTER TABLE app.parted_old DISABLE TRIGGER on_parts",
    "CREATE FUNCTION app.seen() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$",
    "CREATE TRIGGER with_rows AFTER UPDATE ON app.twins REFERENCING OLD TABLE AS was NEW TABLE AS is_now"
    " FOR EACH STATEMENT EXECUTE FUNCTION app.seen()",
    'CREATE RULE "no delete" AS ON DELETE TO app.twins WHERE OLD.a = 1 DO INSTEAD NOTHING',
    "CREATE RULE also AS ON INSERT TO app.v_person DO INSTEAD"
    " INSERT INTO app.log_lines (what) VALUES (NEW.name) RETURNING id, what",
    'ALTER TABLE app.twins DISABLE RULE "no delete"',
    "ALTER TABLE app.person ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    "CREATE POLICY mine ON app.person FOR SELECT TO {reader}, {other} USING (mail = current_user)",
    'CREATE POLICY "odd %s" ON app.person AS RESTRICTIVE FOR UPDATE USING (true) WITH CHECK (n > 1)',
    "CREATE POLICY unused ON app.twins USING (a = 1)",
    "INSERT INTO app.log_lines (what) VALUES ('hello')",
)
_COMMENTS = (
    "COMMENT ON SCHEMA public IS 'ours; --'",
    "COMMENT ON SCHEMA app IS 'it''s %s'",
    "COMMENT ON TABLE app.person IS E'two\nlines'",
    "COMMENT ON COLUMN app.person.name IS 'ünï'",
    "COMMENT ON TYPE app.mood IS 'm'",
    "COMMENT ON DOMAIN app.email IS 'd'",
    "COMMENT ON CONSTRAINT has_at ON DOMAIN app.email IS 'c'",
    "COMMENT ON CONSTRAINT circle ON app.a_side IS 'c'",
    "COMMENT ON INDEX app.person_lower IS 'i'",
    "COMMENT ON FUNCTION app.twice(int) IS 'f'",
    "COMMENT ON TRIGGER b_one ON app.log_lines IS 't'",
    "COMMENT ON RULE also ON app.v_person IS 'r'",
    "COMMENT ON POLICY mine ON app.person IS 'p'",
    "COMMENT ON STATISTICS app.twins_stats IS 's'",
    "COMMENT ON EXTENSION plpgsql IS 'ours now'",
)
_OWNERS = (
    "ALTER DATABASE {live} OWNER TO {owner}",
    "ALTER SCHEMA app OWNER TO {owner}",
    "ALTER TABLE app.person OWNER TO {other}",
    "ALTER VIEW app.v_person OWNER TO {other}",
    "ALTER MATERIALIZED VIEW app.m_full OWNER TO {owner}",
    "ALTER SEQUENCE app.counter OWNER TO {other}",
    "ALTER TYPE app.mood OWNER TO {other}",
    "ALTER DOMAIN app.email OWNER TO {other}",
    "ALTER FUNCTION app.twice(int) OWNER TO {owner}",
    "ALTER PROCEDURE app.do_it OWNER TO {other}",
    "ALTER AGGREGATE app.total(int) OWNER TO {other}",
    "ALTER OPERATOR app.=== (int, int) OWNER TO {other}",
    "ALTER COLLATION app.bytes OWNER TO {other}",
    "ALTER CONVERSION app.conv OWNER TO {other}",
    'ALTER TEXT SEARCH CONFIGURATION app."My words" OWNER TO {other}',
    "ALTER TEXT SEARCH DICTIONARY app.plain OWNER TO {other}",
    "ALTER STATISTICS app.twins_stats OWNER TO {other}",
    "GRANT USAGE ON SCHEMA app TO {reader}, PUBLIC",
    "GRANT ALL ON SCHEMA app TO {other} WITH GRANT OPTION",
    "GRANT SELECT, INSERT ON app.person TO {reader} WITH GRANT OPTION",
    "SET ROLE {reader}; GRANT SELECT ON app.person TO {owner}, PUBLIC; RESET ROLE",
    "GRANT UPDATE (name, mail), REFERENCES (id) ON app.person TO {reader}",
    "REVOKE ALL ON app.twins FROM CURRENT_USER",
    "REVOKE UPDATE ON app.base FROM CURRENT_USER",
    "GRANT USAGE ON SEQUENCE app.counter TO {reader}",
    "REVOKE EXECUTE ON FUNCTION app.twice(int) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION app.twice(int) TO {reader}",
    "REVOKE USAGE ON TYPE app.mood FROM PUBLIC",
    "GRANT USAGE ON TYPE app.mood TO {reader}",
    "REVOKE CREATE, USAGE ON SCHEMA public FROM PUBLIC",
    "REVOKE CONNECT ON DATABASE {live} FROM PUBLIC",
    "GRANT CONNECT, CREATE ON DATABASE {live} TO {reader} WITH GRANT OPTION",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA app GRANT SELECT ON TABLES TO {reader}",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT USAGE ON SEQUENCES TO {reader} WITH GRANT OPTION",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {other} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
    "ALTER DEFAULT PRIVILEGES FOR ROLE {other} REVOKE USAGE ON TYPES FROM PUBLIC",
    'ALTER DATABASE {live} SET search_path TO "$user", app, "a %s b"',
    "ALTER DATABASE {live} SET work_mem = '9MB'",
    "ALTER DATABASE {live} SET app.tenant TO 'it''s %s'",
    "ALTER DATABASE {live} SET default_transaction_isolation TO 'serializable'",
    "ALTER DATABASE {live} SET default_transaction_read_only TO off",
    "ALTER ROLE {reader} IN DATABASE {live} SET work_mem = '7MB'",
    "ALTER ROLE {reader} IN DATABASE {live} SET search_path = app, public",
    "ALTER DATABASE {live} CONNECTION LIMIT 77",
    "COMMENT ON DATABASE {live} IS 'it''s %s music'",
)
# What only a superuser makes, and what stands beside it.
SUPERUSERS = (
    "CREATE TABLE kept (a int)",
    "CREATE OPERATOR CLASS by_int FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =,"
    " OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int)",
    "CREATE FUNCTION inner_one(int, \"char\"[]) RETURNS int LANGUAGE internal AS 'int4abs'",
    "CREATE FUNCTION tight(int) RETURNS int LANGUAGE sql LEAKPROOF AS 'SELECT 1'",
    "CREATE FUNCTION tight(text) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "COMMENT ON FUNCTION tight(int) IS 'x'",
    "CREATE AGGREGATE inner_total(int) (sfunc = int4_avg_accum, stype = _int8, initcond = '{0,0}')",
    "CREATE AGGREGATE strings(text, text) (sfunc = string_agg_transfn, stype = internal,"
    " finalfunc = string_agg_finalfn)",
    "CREATE TYPE two_texts AS (a text, b text)",
    "CREATE DOMAIN number AS int",
    "CREATE CAST (xid8 AS int8) WITHOUT FUNCTION",
    "CREATE TEXT SEARCH TEMPLATE own (init = dsimple_init, lexize = dsimple_lexize)",
    "CREATE ACCESS METHOD own_heap TYPE TABLE HANDLER heap_tableam_handler",
    "CREATE FOREIGN DATA WRAPPER own_wrapper",
    "CREATE PUBLICATION all_of_it FOR ALL TABLES",
    "CREATE FUNCTION noticed() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
    "CREATE EVENT TRIGGER noticing ON ddl_command_start EXECUTE FUNCTION noticed()",
)
# As the contents of an archive have them.
LEFT_OUT = (
    "OPERATOR CLASS public by_int",
    "OPERATOR FAMILY public by_int",
    'FUNCTION public inner_one(integer, "char"[])',
    "FUNCTION public tight(integer)",
    "AGGREGATE public strings(text, text)",
    "CAST - CAST (xid8 AS bigint)",
    "TEXT SEARCH TEMPLATE public own",
    "ACCESS METHOD - own_heap",
    "FOREIGN DATA WRAPPER - own_wrapper",
    "PUBLICATION - all_of_it",
    "EVENT TRIGGER - noticing",
)


def nasty(names: Mapping[str, str]) -> tuple[str, ...]:
    """The statements that make it; `names` are the live database and three roles, quoted."""
    said = (*_TYPES, *_TABLES, *_ROWS, *_AROUND, *_COMMENTS, *_OWNERS)
    return tuple(_filled(one, names) for one in said)


def _filled(statement: str, names: Mapping[str, str]) -> str:
    for name, quoted in names.items():
        statement = statement.replace(f"{{{name}}}", quoted)
    return statement
