"""The settings of the examination system: read once from the environment, documented in docs/settings.md."""

from __future__ import annotations

from dataclasses import dataclass

from kit.settings import setting


@dataclass(frozen=True)
class Settings:
    """See the help of each field; secrets are never printed."""

    database_url: str = setting(
        help="PostgreSQL of the examination system (schemas bank, exam, proctor, ops)", secret=True
    )
    secret_key: str = setting(
        help="at least 32 random bytes in hexadecimal; all other keys are derived from it", secret=True
    )
    signing_key: str = setting(help="32-byte ed25519 seed in hexadecimal that signs score records", secret=True)
    base_url: str = setting("http://127.0.0.1:8400", "the address that browsers use; https:// makes cookies Secure")
    host: str = setting("127.0.0.1", "the address that the server binds")
    port: int = setting(8400, "the port that the server binds")
    redis_url: str | None = setting(None, "Redis for live views and frames; without it PostgreSQL carries them")
    handover_url: str | None = setting(None, "where scores are delivered: /inbox/scores of the admin module")
    agency: str = setting("BKPSDM Kota Sawahlunto", "the name of the organiser, shown in the header")
    timezone: str = setting("Asia/Jakarta", "the time zone of the venue, for times that people read")
    log_level: str = setting("info", "debug, info, warning or error")
    pool_size: int = setting(12, "PostgreSQL connections of one worker for pages and APIs (writers have their own)")
    allow_unsafe_postgres: bool = setting(
        False, "development only: accept a server with fsync, full_page_writes or synchronous_commit off"
    )
