"""Roles inside one Airflow: a login per participant that reads and runs its own DAGs, and sees nothing of any other.

For an Airflow that several companies log in to, with Flask-AppBuilder's auth manager (the extra ``roles``).
"""
