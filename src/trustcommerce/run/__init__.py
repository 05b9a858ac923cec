"""Stage `run`: plans -> decisions. Records by generated Python, tables by SQL on DuckDB.

In: a `Version` of a plan and data. Out: values in run-time shapes, or Arrow tables. The plain
reference evaluator says what both must give. Nothing here knows YAML, JSON Schema or pluggy.
"""
