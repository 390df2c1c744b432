"""Brings Superset's metadata up to date: schema, permissions, roles, users. Safe to repeat.

Run by Superset's own Python. The passwords come as JSON on standard input: USER -> password.
"""

import json
import os
import sys
from pathlib import Path

import superset
from flask_migrate import upgrade
from query_guard import DATABASE
from superset.app import create_app

MIGRATIONS = Path(superset.__file__).parent / "migrations"
BASE = ("Gamma", "sql_lab")
# What each user reads, as suffixes of the schema prefix; `_ops` tells of runs, never of people.
READS = {
    "analyst": ("", "_ops"),
    "scientist": ("", "_ops"),
    "staff": ("", "_ops", "_identity"),
}


def main() -> None:
    """Does it all in one process: each command of Superset takes seconds to start."""
    passwords = json.load(sys.stdin)
    app = create_app()
    with app.app_context():
        from superset import appbuilder, db, security_manager

        upgrade(directory=str(MIGRATIONS))
        appbuilder.add_permissions(update_perms=True)
        security_manager.sync_role_definitions()
        for role, suffixes in READS.items():
            make_role(security_manager, role, suffixes)
        for user, password in passwords.items():
            make_user(security_manager, user, password)
        db.session.commit()


def make_role(manager, name: str, suffixes: tuple[str, ...]) -> None:
    """Makes a role that reads some databases of the lake and no other."""
    prefix = os.environ["CAMPUSLAKE_SCHEMA"]
    role = manager.add_role(name) or manager.find_role(name)
    role.permissions = [
        manager.add_permission_view_menu("schema_access", f"[{DATABASE}].[{prefix}{suffix}]")
        for suffix in suffixes
    ]
    if name == "scientist":
        role.permissions.append(manager.add_permission_view_menu("can_write", "Dataset"))


def make_user(manager, name: str, password: str) -> None:
    """Makes a user, or gives one the password that is kept."""
    names = ("Admin",) if name == "admin" else (*BASE, name)
    roles = [manager.find_role(role) for role in names]
    user = manager.find_user(username=name)
    if user is None:
        address = f"{name}@school.example.org"
        manager.add_user(name, name.capitalize(), "campuslake", address, roles, password)
    else:
        user.roles = roles
        manager.reset_password(user.id, password)


if __name__ == "__main__":
    main()
