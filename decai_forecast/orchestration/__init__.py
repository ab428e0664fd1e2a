"""Everything that touches Airflow: DAG parts, triggers, partitions, pages, and the local stack.

Nothing here is imported by another room, and nothing heavy is imported when a DAG file is parsed.
"""
