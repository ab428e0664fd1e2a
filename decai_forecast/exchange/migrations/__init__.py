"""How the tables of an exchange came to be, step by step (Alembic); ``database.py`` takes an older database along."""
