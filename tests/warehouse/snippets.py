"""Expressions in DuckDB's terms, why their rules are what they are, and what the experimental dialects print."""

__all__ = ["SNIPPETS"]

SNIPPETS: tuple[tuple[str, str, tuple[str, str, str, str]], ...] = (
    (
        "a / b",
        "Doubles are divided as IEEE 754 says: no cast, no NULLIF of sqlglot's.",
        (
            '"a" / "b"',
            '"a" / "b"',
            "`a` / `b`",
            '"a" / "b"',
        ),
    ),
    (
        "a // b",
        "Whole numbers are cut. Snowflake would round a quotient to six places, and up to the next whole number.",
        (
            'intDiv("a", "b")',
            '"a" / "b"',
            "DIV(`a`, `b`)",
            'CAST((("a") - ("a") % ("b")) / ("b") AS DECIMAL(38, 0))',
        ),
    ),
    (
        "a % b",
        "Of numbers not below 0.",
        (
            '"a" % "b"',
            '"a" % "b"',
            "MOD(`a`, `b`)",
            '"a" % "b"',
        ),
    ),
    (
        "ABS(a)",
        "ClickHouse gives unsigned numbers, which have no common type with signed ones.",
        (
            '(abs(("a")) * CAST(1 AS Int64))',
            'ABS("a")',
            "ABS(`a`)",
            'ABS("a")',
        ),
    ),
    (
        "CAST(FLOOR(a) AS BIGINT)",
        "BigQuery and Snowflake round: FLOOR goes before. ClickHouse fails for NaN in branches that are not taken.",
        (
            "accurateCastOrNull(FLOOR(\"a\"), 'Int64')",
            'CAST(FLOOR("a") AS BIGINT)',
            "CAST(FLOOR(`a`) AS INT64)",
            'CAST(FLOOR("a") AS BIGINT)',
        ),
    ),
    (
        "CAST(a AS DOUBLE)",
        "A value may be missing in ClickHouse only if its type says so.",
        (
            'CAST("a" AS Nullable(Float64))',
            'CAST("a" AS DOUBLE)',
            "CAST(`a` AS FLOAT64)",
            'CAST("a" AS DOUBLE)',
        ),
    ),
    (
        "CAST(a AS INT128) * b",
        "Products of two columns are wider than 64 bits.",
        (
            'CAST("a" AS Nullable(Int128)) * "b"',
            'CAST("a" AS DECIMAL(38, 0)) * "b"',
            "CAST(`a` AS BIGNUMERIC) * `b`",
            'CAST("a" AS DECIMAL(38, 0)) * "b"',
        ),
    ),
    (
        "a * 100",
        "A column's value is multiplied before it is known to be in its range: ClickHouse would wrap round.",
        (
            '"a" * CAST(100 AS Decimal(38, 0))',
            '"a" * CAST(100 AS DECIMAL(38, 0))',
            "`a` * 100",
            '"a" * 100',
        ),
    ),
    (
        "CAST('0.1' AS DOUBLE)",
        "Constants are read from their shortest text.",
        (
            "CAST('0.1' AS Nullable(Float64))",
            "CAST('0.1' AS DOUBLE)",
            "CAST('0.1' AS FLOAT64)",
            "CAST('0.1' AS DOUBLE)",
        ),
    ),
    (
        "CAST(a AS DECIMAL(18, 2))",
        "BigQuery's NUMERIC keeps nine places, and a cast there takes no precision.",
        (
            'CAST("a" AS Nullable(Decimal(18, 2)))',
            'CAST("a" AS DECIMAL(18, 2))',
            "CAST(`a` AS BIGNUMERIC)",
            'CAST("a" AS DECIMAL(18, 2))',
        ),
    ),
    (
        "CAST('2023-05-18' AS DATE)",
        "ClickHouse's Date ends in 2149.",
        (
            "CAST('2023-05-18' AS Nullable(Date32))",
            "CAST('2023-05-18' AS DATE)",
            "CAST('2023-05-18' AS DATE)",
            "CAST('2023-05-18' AS DATE)",
        ),
    ),
    (
        "CAST('2023-05-18 00:00:00' AS TIMESTAMP)",
        "Moments without a zone, to the microsecond.",
        (
            "CAST('2023-05-18 00:00:00' AS Nullable(DateTime64(6, 'UTC')))",
            "CAST('2023-05-18 00:00:00' AS TIMESTAMP(6))",
            "CAST('2023-05-18 00:00:00' AS DATETIME)",
            "CAST('2023-05-18 00:00:00' AS TIMESTAMPNTZ(6))",
        ),
    ),
    (
        "a IS TRUE",
        "sqlglot drops IS TRUE for Trino and Snowflake, which changes what is missing.",
        (
            '"a" IS TRUE',
            'COALESCE("a", FALSE)',
            "`a` IS TRUE",
            'COALESCE("a", FALSE)',
        ),
    ),
    (
        "a IS FALSE",
        "As above.",
        (
            '"a" IS FALSE',
            'NOT COALESCE("a", TRUE)',
            "`a` IS FALSE",
            'NOT COALESCE("a", TRUE)',
        ),
    ),
    (
        "a = CAST('NaN' AS DOUBLE)",
        "No NaN equals another but in DuckDB, PostgreSQL, Spark and Snowflake.",
        (
            'isNaN("a")',
            'IS_NAN("a")',
            "IS_NAN(`a`)",
            "\"a\" = CAST('NaN' AS DOUBLE)",
        ),
    ),
    (
        "a = 'low'",
        "Columns may be collated without regard to case in BigQuery and Snowflake.",
        (
            "\"a\" = 'low'",
            "\"a\" = 'low'",
            "CAST(`a` AS BYTES) = CAST('low' AS BYTES)",
            "\"a\" = COLLATE('low', 'utf8')",
        ),
    ),
    (
        "a <> 'low'",
        "As above.",
        (
            "\"a\" <> 'low'",
            "\"a\" <> 'low'",
            "CAST(`a` AS BYTES) <> CAST('low' AS BYTES)",
            "\"a\" <> COLLATE('low', 'utf8')",
        ),
    ),
    (
        "LEAST(a, b, c)",
        "Databases differ about missing values, and about which of 0.0 and -0.0 is less: the first of equals is meant.",
        (
            'CASE WHEN ("a") <= ("b") AND ("a") <= ("c") THEN "a" WHEN ("b") <= ("c") THEN "b" ELSE "c" END',
            'CASE WHEN ("a") <= ("b") AND ("a") <= ("c") THEN "a" WHEN ("b") <= ("c") THEN "b" ELSE "c" END',
            "CASE WHEN (`a`) <= (`b`) AND (`a`) <= (`c`) THEN `a` WHEN (`b`) <= (`c`) THEN `b` ELSE `c` END",
            'CASE WHEN ("a") <= ("b") AND ("a") <= ("c") THEN "a" WHEN ("b") <= ("c") THEN "b" ELSE "c" END',
        ),
    ),
    (
        "GREATEST(a, b)",
        "As above.",
        (
            'CASE WHEN ("a") >= ("b") THEN "a" ELSE "b" END',
            'CASE WHEN ("a") >= ("b") THEN "a" ELSE "b" END',
            "CASE WHEN (`a`) >= (`b`) THEN `a` ELSE `b` END",
            'CASE WHEN ("a") >= ("b") THEN "a" ELSE "b" END',
        ),
    ),
    (
        "a | b",
        "A function where there is no operator.",
        (
            'bitOr("a", "b")',
            'BITWISE_OR("a", "b")',
            "`a` | `b`",
            'BITOR("a", "b")',
        ),
    ),
    (
        "a & b",
        "As above.",
        (
            'bitAnd("a", "b")',
            'BITWISE_AND("a", "b")',
            "`a` & `b`",
            'BITAND("a", "b")',
        ),
    ),
    (
        "LENGTH(a)",
        "In code points; ClickHouse's LENGTH is in bytes.",
        (
            'lengthUTF8(("a"))',
            'LENGTH("a")',
            "LENGTH(`a`)",
            'LENGTH("a")',
        ),
    ),
    (
        "STARTS_WITH(a, b)",
        "Two names.",
        (
            'startsWith("a", "b")',
            'STARTS_WITH("a", "b")',
            "STARTS_WITH(`a`, `b`)",
            'STARTSWITH("a", "b")',
        ),
    ),
    (
        "a || b",
        "A text that is missing makes the whole missing.",
        (
            '"a" || "b"',
            'CONCAT(CAST("a" AS VARCHAR), CAST("b" AS VARCHAR))',
            "`a` || `b`",
            '"a" || "b"',
        ),
    ),
    (
        "COUNT(*) FILTER (WHERE c)",
        "BigQuery and Snowflake have no FILTER.",
        (
            'COUNT(*) FILTER(WHERE "c")',
            'COUNT(*) FILTER(WHERE "c")',
            "COUNT(CASE WHEN `c` THEN 1 END)",
            'COUNT(CASE WHEN "c" THEN 1 END)',
        ),
    ),
    (
        "SUM(a) FILTER (WHERE c)",
        "As above; sums are wide.",
        (
            'SUM(CAST("a" AS Nullable(Int128))) FILTER(WHERE "c")',
            'SUM(CAST("a" AS DECIMAL(38, 0))) FILTER(WHERE "c")',
            "SUM(CASE WHEN `c` THEN CAST(`a` AS BIGNUMERIC) END)",
            'SUM(CASE WHEN "c" THEN CAST("a" AS DECIMAL(38, 0)) END)',
        ),
    ),
    (
        "MIN(a) FILTER (WHERE c)",
        "As above; of no rows ClickHouse would give 0.",
        (
            'MIN(toNullable("a")) FILTER(WHERE "c")',
            'MIN("a") FILTER(WHERE "c")',
            "MIN(CASE WHEN `c` THEN `a` END)",
            'MIN(CASE WHEN "c" THEN "a" END)',
        ),
    ),
    (
        "COUNT(DISTINCT a) FILTER (WHERE c)",
        "As above; a setting of ClickHouse makes COUNT(DISTINCT) an estimate.",
        (
            'uniqExact("a") FILTER(WHERE "c")',
            'COUNT(DISTINCT "a") FILTER(WHERE "c")',
            "COUNT(DISTINCT CASE WHEN `c` THEN `a` END)",
            'COUNT(DISTINCT CASE WHEN "c" THEN "a" END)',
        ),
    ),
    (
        "SUM(a)",
        "Sums of 64 bits overflow, and wrap round in ClickHouse.",
        (
            'SUM(CAST("a" AS Nullable(Int128)))',
            'SUM(CAST("a" AS DECIMAL(38, 0)))',
            "SUM(CAST(`a` AS BIGNUMERIC))",
            'SUM(CAST("a" AS DECIMAL(38, 0)))',
        ),
    ),
    (
        "MAX(a)",
        "Of no rows ClickHouse would give 0.",
        (
            'MAX(toNullable("a"))',
            'MAX("a")',
            "MAX(`a`)",
            'MAX("a")',
        ),
    ),
    (
        "QUANTILE_DISC(a, CAST('0.5' AS DOUBLE))",
        "The value at its place among the sorted ones, which is missing where there is none.",
        (
            'arrayElementOrNull(arraySort(groupArray(("a"))), toInt64(greatest(CEIL(count(("a")) * (CAST(\'0.5\' AS Nullable(Float64)))), 1)))',
            'ELEMENT_AT(ARRAY_SORT(ARRAY_AGG(("a")) FILTER(WHERE NOT ("a") IS NULL)), CAST(GREATEST(CEIL(COUNT(("a")) * (CAST(\'0.5\' AS DOUBLE))), 1) AS BIGINT))',
            "ARRAY_AGG((`a`) IGNORE NULLS ORDER BY (`a`))[SAFE_OFFSET(CAST(GREATEST(CEIL(COUNT((`a`)) * (CAST('0.5' AS FLOAT64))), 1) AS INT64) - 1)]",
            "refused: Snowflake can't be given the function QUANTILE_DISC\nhint: metrics that say `quantile` are",
        ),
    ),
    (
        "ROW_NUMBER() OVER (ORDER BY a)",
        "Places are unsigned in ClickHouse.",
        (
            'CAST(ROW_NUMBER() OVER (ORDER BY "a") AS Nullable(Int64))',
            'ROW_NUMBER() OVER (ORDER BY "a")',
            "ROW_NUMBER() OVER (ORDER BY (`a`) IS NULL ASC, `a` ASC)",
            'ROW_NUMBER() OVER (ORDER BY "a")',
        ),
    ),
    (
        "RANK() OVER (PARTITION BY p ORDER BY a DESC NULLS LAST)",
        "BigQuery orders what is missing by a test of its own: beside some windows sqlglot drops NULLS LAST.",
        (
            'CAST(RANK() OVER (PARTITION BY "p" ORDER BY "a" DESC) AS Nullable(Int64))',
            'RANK() OVER (PARTITION BY "p" ORDER BY "a" DESC)',
            "RANK() OVER (PARTITION BY `p` ORDER BY (`a`) IS NULL ASC, `a` DESC)",
            'RANK() OVER (PARTITION BY "p" ORDER BY "a" DESC NULLS LAST)',
        ),
    ),
    (
        "COUNT(*) OVER (PARTITION BY p)",
        "Counts are unsigned in ClickHouse.",
        (
            'CAST(COUNT(*) OVER (PARTITION BY "p") AS Nullable(Int64))',
            'COUNT(*) OVER (PARTITION BY "p")',
            "COUNT(*) OVER (PARTITION BY `p`)",
            'COUNT(*) OVER (PARTITION BY "p")',
        ),
    ),
    (
        "LEAD(a) OVER (PARTITION BY p ORDER BY b NULLS FIRST)",
        "After the last row ClickHouse gives 0 unless the value may be missing.",
        (
            'lead(toNullable("a")) OVER (PARTITION BY "p" ORDER BY "b" NULLS FIRST)',
            'LEAD("a") OVER (PARTITION BY "p" ORDER BY "b" NULLS FIRST)',
            "LEAD(`a`) OVER (PARTITION BY `p` ORDER BY (`b`) IS NULL DESC, `b` ASC)",
            'LEAD("a") OVER (PARTITION BY "p" ORDER BY "b" NULLS FIRST)',
        ),
    ),
    (
        "SUM(a) OVER (PARTITION BY p ORDER BY b NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)",
        "The frame is said; sums are wide.",
        (
            'SUM(CAST("a" AS Nullable(Int128))) OVER (PARTITION BY "p" ORDER BY "b" ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)',
            'SUM(CAST("a" AS DECIMAL(38, 0))) OVER (PARTITION BY "p" ORDER BY "b" ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)',
            "SUM(CAST(`a` AS BIGNUMERIC)) OVER (PARTITION BY `p` ORDER BY (`b`) IS NULL ASC, `b` ASC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)",
            'SUM(CAST("a" AS DECIMAL(38, 0))) OVER (PARTITION BY "p" ORDER BY "b" ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)',
        ),
    ),
    (
        "DATE_TRUNC('week', a)",
        "Weeks begin on Monday: BigQuery's WEEK on Sunday, Snowflake's where the session says. ClickHouse's functions end in 2149.",
        (
            'addDays(toDate32(("a")), 1 - toDayOfWeek(("a")))',
            "DATE_TRUNC('week', \"a\")",
            "DATETIME_TRUNC(`a`, ISOWEEK)",
            'DATEADD(DAY, 1 - DAYOFWEEKISO(("a")), DATE_TRUNC(\'DAY\', ("a")))',
        ),
    ),
    (
        "DATE_TRUNC('quarter', a)",
        "As above.",
        (
            'makeDate32(toYear(("a")), 3 * toQuarter(("a")) - 2, 1)',
            "DATE_TRUNC('quarter', \"a\")",
            "DATETIME_TRUNC(`a`, QUARTER)",
            "DATE_TRUNC('QUARTER', \"a\")",
        ),
    ),
    (
        "YEAR(a)",
        "Calendar fields.",
        (
            'toYear(("a"))',
            'YEAR(("a"))',
            "EXTRACT(YEAR FROM (`a`))",
            'YEAR(("a"))',
        ),
    ),
    (
        "MONTH(a)",
        "As above.",
        (
            'toMonth(("a"))',
            'MONTH(("a"))',
            "EXTRACT(MONTH FROM (`a`))",
            'MONTH(("a"))',
        ),
    ),
    (
        "DAY(a)",
        "As above.",
        (
            'toDayOfMonth(("a"))',
            'DAY(("a"))',
            "EXTRACT(DAY FROM (`a`))",
            'DAYOFMONTH(("a"))',
        ),
    ),
    (
        "ISODOW(a)",
        "Monday is 1; BigQuery's week begins with Sunday, as 1.",
        (
            'toDayOfWeek(("a"))',
            'DAY_OF_WEEK(("a"))',
            "(MOD(EXTRACT(DAYOFWEEK FROM (`a`)) + 5, 7) + 1)",
            'DAYOFWEEKISO(("a"))',
        ),
    ),
    (
        "EPOCH_US(a)",
        "Microseconds, exact: Trino's differences end at milliseconds, so the rest is read off the text.",
        (
            "toUnixTimestamp64Micro(CAST((\"a\") AS Nullable(DateTime64(6, 'UTC'))))",
            "(DATE_DIFF('SECOND', CAST('1970-01-01' AS TIMESTAMP(6)), DATE_TRUNC('SECOND', CAST((\"a\") AS TIMESTAMP(6)))) * CAST(1000000 AS BIGINT) + CAST(SPLIT_PART(CAST(CAST((\"a\") AS TIMESTAMP(6)) AS VARCHAR), '.', 2) AS BIGINT))",
            "UNIX_MICROS(TIMESTAMP(CAST((`a`) AS DATETIME), 'UTC'))",
            "DATE_PART('EPOCH_MICROSECOND', CAST(\"a\" AS TIMESTAMPNTZ(6)))",
        ),
    ),
    (
        "MAKE_TIMESTAMP(a)",
        "As above, the other way round; ClickHouse would stay on its last moment.",
        (
            "fromUnixTimestamp64Micro((\"a\") + (CAST(CASE WHEN (NOT COALESCE((\"a\") BETWEEN -62135596800000000 AND 253402300799999999, TRUE)) THEN CONCAT('trustcommerce: ', ('no moment is known there before the year 1 or after 9999')) ELSE '0' END AS Int64)), 'UTC')",
            "CAST(CAST(DATE_ADD('SECOND', CAST(((\"a\") - (((\"a\") % CAST(1000000 AS BIGINT) + CAST(1000000 AS BIGINT)) % CAST(1000000 AS BIGINT))) / CAST(1000000 AS BIGINT) AS BIGINT), CAST('1970-01-01' AS TIMESTAMP(0))) AS VARCHAR) || '.' || LPAD(CAST((((\"a\") % CAST(1000000 AS BIGINT) + CAST(1000000 AS BIGINT)) % CAST(1000000 AS BIGINT)) AS VARCHAR), 6, '0') AS TIMESTAMP(6))",
            "DATETIME(TIMESTAMP_MICROS((`a`)), 'UTC')",
            "DATEADD(MICROSECOND, (\"a\"), CAST('1970-01-01' AS TIMESTAMPNTZ(6)))",
        ),
    ),
    (
        "CAST(a + CAST(b AS INTEGER) AS DATE)",
        "Days are added by a function; ClickHouse would stay on its last date.",
        (
            'CAST(addDays(("a"), (CAST("b" AS Nullable(Int32))) + (CAST(CASE WHEN (NOT COALESCE(toInt64(("a")) + (CAST("b" AS Nullable(Int32))) BETWEEN -719162 AND 2932896, TRUE)) THEN CONCAT(\'trustcommerce: \', (\'no moment is known there before the year 1 or after 9999\')) ELSE \'0\' END AS Int64))) AS Nullable(Date32))',
            'CAST(DATE_ADD(\'DAY\', (CAST("b" AS INTEGER)), ("a")) AS DATE)',
            "CAST(DATE_ADD((`a`), INTERVAL (CAST(`b` AS INT64)) DAY) AS DATE)",
            'CAST(DATEADD(DAY, (CAST("b" AS INT)), ("a")) AS DATE)',
        ),
    ),
    (
        "a + TO_MONTHS(CAST(b AS INTEGER))",
        "The same day, or the month's last; ClickHouse would stay on its last date.",
        (
            'addMonths(("a"), (CAST("b" AS Nullable(Int32))) + (CAST(CASE WHEN (NOT COALESCE(addMonths(("a"), (CAST("b" AS Nullable(Int32)))) BETWEEN CAST(\'0001-01-01\' AS Nullable(DateTime64(6, \'UTC\'))) AND CAST(\'9999-12-31 23:59:59.999999\' AS Nullable(DateTime64(6, \'UTC\'))) AND DATE_DIFF(MONTH, ("a"), addMonths(("a"), (CAST("b" AS Nullable(Int32))))) = (CAST("b" AS Nullable(Int32))), TRUE)) THEN CONCAT(\'trustcommerce: \', (\'no moment is known there before the year 1 or after 9999\')) ELSE \'0\' END AS Int64)))',
            'DATE_ADD(\'MONTH\', (CAST("b" AS INTEGER)), ("a"))',
            "DATETIME_ADD(CAST((`a`) AS DATETIME), INTERVAL (CAST(`b` AS INT64)) MONTH)",
            'DATEADD(MONTH, (CAST("b" AS INT)), ("a"))',
        ),
    ),
    (
        "a + b",
        "Other sums are of numbers.",
        (
            '"a" + "b"',
            '"a" + "b"',
            "`a` + `b`",
            '"a" + "b"',
        ),
    ),
    (
        "BINARY_TEXT(a)",
        "By code points, whatever the column is collated by; ClickHouse's texts are any bytes.",
        (
            'CASE WHEN CAST(CASE WHEN NOT isValidUTF8(("a")) THEN CONCAT(\'trustcommerce: not UTF-8: \', ("a")) ELSE \'0\' END AS Int64) = 0 THEN ("a") END',
            '"a"',
            "CAST(CAST(`a` AS BYTES) AS STRING)",
            "COLLATE(\"a\", 'utf8')",
        ),
    ),
    (
        "TYPE_NAME(a)",
        "The type as the table of types has it; BigQuery can't say it, and is given expressions that only some types allow.",
        (
            "extract(toTypeName((\"a\")), '^(?:LowCardinality[(]|Nullable[(])*(DateTime(?:64)?[(][^)]*[)]|Array[(]String[)]|[A-Za-z0-9]+)')",
            "REGEXP_REPLACE(TYPEOF((\"a\")), '^(decimal|varchar)[(].*', '$1')",
            "refused: BigQuery can't be given the function TYPE_NAME",
            "REGEXP_SUBSTR(SYSTEM$TYPEOF((\"a\")), '^TIMESTAMP_NTZ[(][0-9][)]|^[A-Z_]+')",
        ),
    ),
    (
        "SHAPE_EXACT(a)",
        "What BigQuery computes for INT64, NUMERIC and BIGNUMERIC only.",
        (
            "refused: ClickHouse can't be given the function SHAPE_EXACT",
            "refused: Trino can't be given the function SHAPE_EXACT",
            "(MOD(`a`, 1))",
            "refused: Snowflake can't be given the function SHAPE_EXACT",
        ),
    ),
    (
        "CASE WHEN c THEN CAST(ERROR(a) AS DATE) ELSE b END",
        "A cast of a text that is no value fails with that text. In ClickHouse branches that are not taken fail as well.",
        (
            'CASE WHEN "c" THEN CAST(CAST(CASE WHEN ("c") THEN CONCAT(\'trustcommerce: \', ("a")) ELSE \'0\' END AS Int64) AS Nullable(Date32)) ELSE "b" END',
            'CASE WHEN "c" THEN CAST("a" AS DATE) ELSE "b" END',
            "CASE WHEN `c` THEN CAST(`a` AS DATE) ELSE `b` END",
            'CASE WHEN "c" THEN CAST("a" AS DATE) ELSE "b" END',
        ),
    ),
    (
        "['x']",
        "Lists of texts; BigQuery stores one that is missing as an empty one, Snowflake's hold values of any type.",
        (
            "['x']",
            "CAST(ARRAY['x'] AS ARRAY(VARCHAR))",
            "refused: BigQuery can't be given a node Array\nhint: lists, as `hit: collect` gives them, are made of it",
            "refused: Snowflake can't be given a node Array\nhint: lists, as `hit: collect` gives them, are made of it",
        ),
    ),
    (
        "CASE WHEN a IS NULL THEN NULL ELSE ['x'] END",
        "A list can't be missing in ClickHouse: an error, and not an empty list.",
        (
            "CASE WHEN \"a\" IS NULL THEN [ CAST(CAST(CASE WHEN (\"a\" IS NULL) THEN CONCAT('trustcommerce: ', ('a list can not be missing there')) ELSE '0' END AS Int64) AS Nullable(String)) ] ELSE ['x'] END",
            "CASE WHEN \"a\" IS NULL THEN NULL ELSE CAST(ARRAY['x'] AS ARRAY(VARCHAR)) END",
            "refused: BigQuery can't be given a node Array\nhint: lists, as `hit: collect` gives them, are made of it",
            "refused: Snowflake can't be given a node Array\nhint: lists, as `hit: collect` gives them, are made of it",
        ),
    ),
    (
        "LIST_CONTAINS(a, 'x')",
        "Results with lists are read by their members: only where a column can be of lists.",
        (
            "has(\"a\", 'x')",
            "refused: Trino can't be given a node ArrayContains\nhint: results with lists are read with it",
            "refused: BigQuery can't be given a node ArrayContains\nhint: results with lists are read with it",
            "refused: Snowflake can't be given a node ArrayContains\nhint: results with lists are read with it",
        ),
    ),
    (
        "a @> b",
        "As above.",
        (
            'hasAll("a", "b")',
            "refused: Trino can't be given a node ArrayContainsAll\nhint: results with lists are read with it",
            "refused: BigQuery can't be given a node ArrayContainsAll\nhint: results with lists are read with it",
            "refused: Snowflake can't be given a node ArrayContainsAll\nhint: results with lists are read with it",
        ),
    ),
    (
        "'a\\b''c'",
        "Backslashes and quotes, as each database reads them.",
        (
            "'a\\\\b''c'",
            "'a\\b''c'",
            "'a\\\\b\\'c'",
            "'a\\\\b\\'c'",
        ),
    ),
    (
        'SELECT x.*, m.v AS "r.v" FROM t AS x LEFT JOIN u AS m ON TRUE',
        "ClickHouse takes what stands before a dot for a table, BigQuery has no dots in names, nor left joins without equal columns: what is joined so has one row.",
        (
            'SELECT "x".*, "m"."v" AS "r:v" FROM "t" AS "x" LEFT JOIN "u" AS "m" ON TRUE',
            'SELECT "x".*, "m"."v" AS "r.v" FROM "t" AS "x" LEFT JOIN "u" AS "m" ON TRUE',
            "SELECT `x`.*, `m`.`v` AS `r:v` FROM `t` AS `x` CROSS JOIN `u` AS `m`",
            'SELECT "x".*, "m"."v" AS "r.v" FROM "t" AS "x" LEFT JOIN "u" AS "m" ON TRUE',
        ),
    ),
    (
        "SELECT x.a FROM t AS x LEFT JOIN u AS m ON x.a < m.b",
        "BigQuery has no left joins without equal columns.",
        (
            'SELECT "x"."a" FROM "t" AS "x" LEFT JOIN "u" AS "m" ON "x"."a" < "m"."b"',
            'SELECT "x"."a" FROM "t" AS "x" LEFT JOIN "u" AS "m" ON "x"."a" < "m"."b"',
            "refused: BigQuery can't be given a join without equal columns",
            'SELECT "x"."a" FROM "t" AS "x" LEFT JOIN "u" AS "m" ON "x"."a" < "m"."b"',
        ),
    ),
    (
        "LIST_EXTRACT(LIST_PACK('a', 'b'), n)",
        "One of some constants by its place. Lists that may be refused are not needed for it.",
        (
            "arrayElementOrNull((['a', 'b']), toInt64((\"n\")))",
            "CASE \"n\" WHEN 1 THEN 'a' WHEN 2 THEN 'b' END",
            "CASE `n` WHEN 1 THEN 'a' WHEN 2 THEN 'b' END",
            "CASE \"n\" WHEN 1 THEN 'a' WHEN 2 THEN 'b' END",
        ),
    ),
)
"""The expression; the reason; the text for ClickHouse, Trino, BigQuery and Snowflake."""
