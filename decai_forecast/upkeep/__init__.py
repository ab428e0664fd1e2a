"""Keeping an installation well: one Airflow a home, what a start needs, backups."""

from decai_forecast.upkeep.backup import back_up, restore
from decai_forecast.upkeep.doctor import Finding, diagnose, faults_of_home
from decai_forecast.upkeep.lock import HomeInUse, User, hold, last_user, user_of

__all__ = ["Finding", "HomeInUse", "User", "back_up", "diagnose", "faults_of_home", "hold", "last_user", "restore", "user_of"]
