"""Signed statements of what happened, one append-only log of them, its witnesses, receipts, and the audit that anybody can run.

Participants state (``notebook.py``), the coordinator keeps the log (``keeper.py``), participants watch it (``watching.py``);
anybody checks it (``audit/``). The formats are those of others (``formats/``), so that programs of others read them. What the
companies of one training sign in it is another thing (``federation/exact/transcript.py``). Taken file by file: the link needs
the names of files only, and no cryptography where Airflow reads a DAG file.
"""

__all__: list[str] = []
