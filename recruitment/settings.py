"""The settings of the admin module: read once from the environment, documented in docs/settings.md.

It has its own database address (own role, own schema) and its own secret: nothing here opens the examination system.
"""

from __future__ import annotations

from dataclasses import dataclass

from kit.settings import HEX_32, HEX_SECRET, LOG_LEVEL, PORT, POSTGRES_ADDRESS, TIME_ZONE, WEB_ADDRESS, setting


@dataclass(frozen=True)
class Settings:
    """See the help of each field; secrets are never printed."""

    recruitment_database_url: str = setting(
        help="PostgreSQL of the admin module, with a role that owns the schema recruitment and sees no other",
        secret=True,
        form=POSTGRES_ADDRESS,
    )
    recruitment_secret_key: str = setting(
        help="at least 32 random bytes in hexadecimal, other than those of the examination system",
        secret=True,
        form=HEX_SECRET,
    )
    handover_public_key: str = setting(
        help="ed25519 public key in hexadecimal with which the examination system signs its score records", form=HEX_32
    )
    recruitment_base_url: str = setting(
        "http://127.0.0.1:8500", "the address that browsers use; https:// makes cookies Secure", form=WEB_ADDRESS
    )
    recruitment_host: str = setting("127.0.0.1", "the address that the admin module binds")
    recruitment_port: int = setting(8500, "the port that the admin module binds", form=PORT)
    recruitment_pool_size: int = setting(8, "PostgreSQL connections of the admin module")
    examination_url: str | None = setting(
        None, "the examination system, which the public page links to (also its live scores)", form=WEB_ADDRESS
    )
    agency: str = setting("BKPSDM Kota Sawahlunto", "the name of the organiser, shown in the header")
    timezone: str = setting("Asia/Jakarta", "the time zone of the venue, for times that people read", form=TIME_ZONE)
    recruitment_log_level: str = setting("info", "debug, info, warning or error", form=LOG_LEVEL)
    allow_unsafe_postgres: bool = setting(
        False, "development only: accept a server with fsync, full_page_writes or synchronous_commit off"
    )
