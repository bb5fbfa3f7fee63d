"""A MySQL or MariaDB database of all that the two know, under names that mean something elsewhere."""

from __future__ import annotations

LONG = "l" + "ä" * 63
DASHES = "--result-file=x"
ODD = "a``b \"c' d-e=f%g é\\h"

COMMON = (
    "CREATE TABLE parent (id int unsigned AUTO_INCREMENT PRIMARY KEY, best_child int,"
    " name varchar(40) CHARACTER SET latin1, INDEX (name)) AUTO_INCREMENT = 5000"
    " COMMENT = 'it''s\n) ENGINE=x AUTO_INCREMENT=3'",
    "CREATE TABLE child (id int AUTO_INCREMENT PRIMARY KEY, parent int unsigned,"
    " CONSTRAINT `odd ``name` FOREIGN KEY (parent) REFERENCES parent (id) ON DELETE CASCADE)",
    "ALTER TABLE parent ADD CONSTRAINT best FOREIGN KEY (best_child) REFERENCES child (id)"
    " ON DELETE SET NULL",
    "CREATE TABLE self_ref (id int PRIMARY KEY, up int, FOREIGN KEY (up) REFERENCES self_ref (id))",
    "CREATE TABLE kinds (id int PRIMARY KEY, a bit(9), b varbinary(200), c blob, d geometry,"
    " e enum('x','y z','','ü COLLATE z'), f set('p','q'), g json, h decimal(30,10), i double, k datetime(6),"
    " l timestamp(6) NULL, m date, n time(3), o year, p longtext, q char(10), r bigint unsigned,"
    " t text COLLATE utf8mb4_general_ci, u binary(4), w varchar(900), CHECK (r < 18446744073709551615))",
    "CREATE TABLE made (id int PRIMARY KEY, a int, b int GENERATED ALWAYS AS (a * 2) VIRTUAL,"
    " c varchar(80) GENERATED ALWAYS AS (concat(a, '-', 'x''y')) STORED, INDEX (b))",
    "CREATE TABLE empty_one (a int)",
    "CREATE TABLE twins (a int, b varchar(3))",
    f"CREATE TABLE `{ODD}` (`k``1` int PRIMARY KEY, `x y` varchar(10) DEFAULT 'it''s', UNIQUE (`x y`))",
    f"CREATE TABLE `{LONG}` (`{LONG}` int)",
    f"CREATE TABLE `{DASHES}` (`-- x` int)",
    "CREATE TABLE parted (id int NOT NULL, y int NOT NULL, PRIMARY KEY (id, y)) PARTITION BY RANGE (y)"
    " (PARTITION p0 VALUES LESS THAN (2000), PARTITION p1 VALUES LESS THAN MAXVALUE)",
    "CREATE TABLE log_lines (id int AUTO_INCREMENT PRIMARY KEY, what varchar(200))",
    "INSERT INTO parent (name) VALUES ('anna'), ('bert'), ('gödel'), (NULL), ('')",
    "INSERT INTO child (parent) VALUES (5000), (5001)",
    "DELETE FROM child WHERE id = 2",
    "UPDATE parent SET best_child = 1 WHERE id = 5001",
    "INSERT INTO self_ref VALUES (1, NULL)",
    "INSERT INTO self_ref VALUES (2, 1)",
    "UPDATE self_ref SET up = 2 WHERE id = 1",
    "INSERT INTO kinds VALUES (1, b'101010101', x'00ff0a0d1a5c27', x'00', ST_GeomFromText('POINT(1 2)'),"
    " 'y z', 'p,q', '{\"b\": [1, null, \"é\\\\n\"], \"a\": 1.0}', 1234567890.0123456789, 0.1,"
    " '2026-11-25 01:02:03.123456', '2026-11-25 01:02:03.5', '1000-01-01', '-838:59:59', 1999,"
    " 'line\n--\nDELIMITER ;\n-- Dump completed\n\\\\', 'a ', 18446744073709551614, 'text', x'0a00', '☃')",
    "INSERT INTO kinds (id) VALUES (2)",
    "INSERT INTO kinds (id, a, b, c, e, f, p, q) VALUES (3, 0, '', '', '', '', '', '')",
    "INSERT INTO made (id, a) VALUES (1, 10), (2, NULL)",
    "INSERT INTO twins VALUES (1, 'x'), (1, 'x'), (NULL, 'N')",
    f"INSERT INTO `{ODD}` VALUES (1, 'x')",
    "INSERT INTO parted VALUES (1, 1999), (2, 2020)",
    "CREATE VIEW v_last AS SELECT id, name FROM parent WHERE name <> 'it''s -- /* */;'",
    "CREATE VIEW `a view on v` AS SELECT v.id, c.id AS child"
    " FROM v_last v LEFT JOIN child c ON c.parent = v.id",
    "CREATE VIEW v_checked AS SELECT id FROM twins_of_child WHERE id > 0 WITH CASCADED CHECK OPTION",
    "CREATE SQL SECURITY INVOKER VIEW v_invoker AS SELECT 1 AS one",
    "CREATE FUNCTION twice (n int) RETURNS int DETERMINISTIC COMMENT 'doubles' RETURN n * 2 /* a comment */",
    "CREATE VIEW v_func AS SELECT twice(id) AS t FROM child",
    "CREATE PROCEDURE `a proc` (IN x int, OUT y varchar(40))\nBEGIN\n  -- a comment with ; and `ticks`\n"
    "  /* DELIMITER ; */\n  SET y = 'text;\nDELIMITER ;\nDEFINER=`x`@`y`';\n"
    "  INSERT INTO log_lines (what) VALUES (concat(x, ';;'));\nEND",
    "CREATE TRIGGER t_two BEFORE INSERT ON log_lines FOR EACH ROW SET NEW.what = concat(NEW.what, '?')",
    "CREATE TRIGGER t_one BEFORE INSERT ON log_lines FOR EACH ROW SET NEW.what = concat(NEW.what, '!')",
    "CREATE TRIGGER `t ``odd` AFTER DELETE ON child FOR EACH ROW BEGIN"
    " INSERT INTO log_lines (what) VALUES ('gone; DEFINER=`x`@`y`'); END",
    "INSERT INTO log_lines (what) VALUES ('hello')",
    "CREATE EVENT e_daily ON SCHEDULE EVERY 1 DAY STARTS '2020-01-01 00:00:00' ON COMPLETION PRESERVE"
    " DO DELETE FROM log_lines WHERE id < 0",
    "CREATE EVENT `e off` ON SCHEDULE EVERY 2 HOUR DISABLE COMMENT 'it''s ENABLE DO; off'"
    " DO BEGIN SET @x = 1; SET @y = 2; END",
)
# A view on a table that comes later in every order by name.
BEFORE = ("CREATE TABLE twins_of_child (id int)", "INSERT INTO twins_of_child VALUES (1)")
MARIADB = (
    "CREATE SEQUENCE counter START WITH 100 INCREMENT BY 10 CACHE 5",
    "SELECT nextval(counter)",
    "CREATE TABLE numbered (a int DEFAULT nextval(counter), b int)",
    "INSERT INTO numbered (b) VALUES (1)",
    "CREATE TABLE uuids (u uuid, i inet6)",
    "INSERT INTO uuids VALUES ('123e4567-e89b-12d3-a456-426655440000', '::1')",
    "CREATE TABLE unseen (a int INVISIBLE, b int)",
    "INSERT INTO unseen (a, b) VALUES (1, 2)",
)
MYSQL = (
    "CREATE TABLE unseen (a int INVISIBLE, b int, c json DEFAULT (json_array()), d varchar(20),"
    " INDEX ((lower(d))))",
    "INSERT INTO unseen (a, b, d) VALUES (1, 2, 'Q')",
    "CREATE TABLE points (p point NOT NULL SRID 4326, SPATIAL INDEX (p))",
    "INSERT INTO points VALUES (ST_GeomFromText('POINT(1 2)', 4326))",
)
UNSAFE = ("CREATE TABLE isam (id int AUTO_INCREMENT PRIMARY KEY, t varchar(10)) ENGINE = MyISAM",)


def nasty(dialect: str) -> tuple[str, ...]:
    """The statements that make it on that kind of server."""
    return (*BEFORE, *COMMON, *(MARIADB if dialect == "mariadb" else MYSQL))
