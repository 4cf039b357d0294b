"""The settings of the examination system: read once from the environment, documented in docs/settings.md."""

from __future__ import annotations

from dataclasses import dataclass

from kit.settings import (
    HEX_32,
    HEX_SECRET,
    LOG_LEVEL,
    PORT,
    POSTGRES_ADDRESS,
    REDIS_ADDRESS,
    TIME_ZONE,
    WEB_ADDRESS,
    setting,
)


@dataclass(frozen=True)
class Settings:
    """See the help of each field; secrets are never printed."""

    database_url: str = setting(
        help="PostgreSQL of the examination system (schemas bank, exam, proctor, ops)",
        secret=True,
        form=POSTGRES_ADDRESS,
    )
    secret_key: str = setting(
        help="at least 32 random bytes in hexadecimal; all other keys are derived from it", secret=True, form=HEX_SECRET
    )
    signing_key: str = setting(
        help="32-byte ed25519 seed in hexadecimal that signs score records", secret=True, form=HEX_32
    )
    base_url: str = setting(
        "http://127.0.0.1:8400", "the address that browsers use; https:// makes cookies Secure", form=WEB_ADDRESS
    )
    host: str = setting("127.0.0.1", "the address that the server binds")
    port: int = setting(8400, "the port that the server binds", form=PORT)
    redis_url: str | None = setting(
        None, "Redis for live views and frames; without it PostgreSQL carries them", form=REDIS_ADDRESS
    )
    handover_url: str | None = setting(
        None, "where scores are delivered: /inbox/scores of the admin module", form=WEB_ADDRESS
    )
    announcements_url: str | None = setting(
        None, "the admin module's public page, which the home page links to; without it no link", form=WEB_ADDRESS
    )
    agency: str = setting("BKPSDM Kota Sawahlunto", "the name of the organiser, shown in the header")
    timezone: str = setting("Asia/Jakarta", "the time zone of the venue, for times that people read", form=TIME_ZONE)
    log_level: str = setting("info", "debug, info, warning or error", form=LOG_LEVEL)
    pool_size: int = setting(12, "PostgreSQL connections of one worker for pages and APIs (writers have their own)")
    allow_unsafe_postgres: bool = setting(
        False, "development only: accept a server with fsync, full_page_writes or synchronous_commit off"
    )
