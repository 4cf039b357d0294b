"""The demonstration: a bank of real quality, one open session, its candidates, the vacancies that they apply for.

PINs and passwords are derived from the installation's secret, so that they can be shown again, are the same after a
restart, and are different in every installation. Loading again changes nothing but the session's times.
"""

from __future__ import annotations

import base64
import hmac
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from importlib.resources import files
from typing import Any
from uuid import UUID, uuid5

import msgspec
import typer
from rich.console import Console
from rich.table import Table

import recruitment.demo
import recruitment.wiring as recruitment_wiring
from exam_engine.domain.records import Exam, Participant, Session
from exam_engine.service.seat import pin_digest
from item_bank.domain.blueprint import parse_blueprint
from item_bank.service import catalog
from kit.accounts.service import hash_password
from kit.accounts.store import AccountStore, Staff
from kit.clock import utc_now
from kit.postgres import open_pool
from kit.settings import read_settings
from kit.signing import derive_key
from recruitment.settings import Settings as RecruitmentSettings
from scripts.commands import services
from scripts.demo.bank import skd_items
from scripts.demo.unfinished import load_unfinished
from web.settings import Settings
from web.wiring import Unit

NAMESPACE = UUID("6f6d6269-6c69-4e00-8000-0064656d6f00")
SESSION_CODE = "SKD-DEMO"
SHOWN_CANDIDATES = 12
EXTRA_MINUTES = {"disability": 30}  # 130 instead of 100 minutes for sensory disability
EXAM_STAFF = (
    ("admin", "Siti Rahmawati", "administrator"),
    ("penulis", "Budi Santoso", "author"),
    ("penulis2", "Maya Lestari", "author"),
    ("penelaah", "Ratna Dewi", "reviewer"),
    ("pengawas", "Yusuf Hakim", "proctor"),
    ("ketua", "Ratna Wulandari", "lead_proctor"),
)
RECRUITMENT_STAFF = (("kepegawaian", "Dewi Anggraini", "administrator"),)
INSTRUCTIONS = {
    "id": [
        "Ujian terdiri atas 110 soal: TWK 30, TIU 35, dan TKP 45. Waktu berjalan sejak Anda menekan tombol mulai.",
        "Jawaban tersimpan setiap kali Anda memilih. Anda dapat mengubahnya selama waktu masih ada.",
        "TWK dan TIU: benar bernilai 5, salah atau kosong bernilai 0. TKP: setiap pilihan bernilai 1 sampai 5.",
        "Jika jaringan terputus, teruslah mengerjakan. Jawaban terkirim sendiri setelah jaringan pulih.",
        "Ujian berlangsung dalam layar penuh. Keluar dari layar penuh, berpindah tab, menyalin, dan menempel dicatat.",
        "Kamera menyala selama ujian. Tanda dari kamera diperiksa oleh pengawas; bukan mesin yang memutuskan.",
    ],
    "en": [
        "The test has 110 items: TWK 30, TIU 35 and TKP 45. Time runs from the moment you press start.",
        "Your answer is saved whenever you choose. You can change it as long as there is time.",
        "TWK and TIU: right earns 5, wrong or blank 0. TKP: every option earns 1 to 5.",
        "If the network fails, work on. Your answers are sent by themselves when it is back.",
        "The test runs in full screen. Leaving it, changing the tab, copying and pasting are recorded.",
        "The camera is on during the test. What it notices is looked at by a proctor; no machine decides.",
    ],
}


def demo_secret(secret_key: str, who: str, length: int = 8) -> str:
    """A PIN or password of this installation: `length` characters of base32, without look-alikes of digits."""
    raw = hmac.digest(derive_key(secret_key, "demo"), who.encode(), "sha256")
    return base64.b32encode(raw).decode()[:length]


def demo_participants() -> list[dict[str, Any]]:
    """The rows of scripts/demo/participants.toml."""
    text = files("scripts").joinpath("demo", "participants.toml").read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = tomllib.loads(text)["participant"]
    return rows


async def set_up(environ: Mapping[str, str]) -> None:
    """Everything before the first start, in one process: both schemas, the demonstration, its logins as JSON."""
    await services.migrate_exam(environ)
    await services.migrate_recruitment(environ)
    await load(environ)
    show_logins(environ, as_json=True)


async def load(environ: Mapping[str, str]) -> None:
    """Load both products' demonstration."""
    settings = read_settings(Settings, environ)
    rows = demo_participants()
    pool = await open_pool(settings.database_url)
    try:
        async with pool.acquire() as connection, connection.transaction():
            unit = Unit(connection)
            await _load_staff(unit.accounts, settings.secret_key, EXAM_STAFF)
            await load_bank(unit)
            await load_unfinished(unit, staff_id, utc_now())
            await _load_session(unit, settings, rows)
    finally:
        await pool.close()
    recruitment_settings = read_settings(RecruitmentSettings, environ)
    pool = await open_pool(recruitment_settings.recruitment_database_url)
    try:
        async with pool.acquire() as connection, connection.transaction():
            accounts = AccountStore(connection, recruitment_wiring.SCHEMA)
            await _load_staff(accounts, settings.secret_key, RECRUITMENT_STAFF)
        await recruitment.demo.load_demo(pool, rows)
    finally:
        await pool.close()


def staff_id(username: str) -> UUID:
    """The id that the demonstration gives to a member of staff."""
    return uuid5(NAMESPACE, f"staff/{username}")


async def _load_staff(accounts: AccountStore, secret_key: str, staff: tuple[tuple[str, str, str], ...]) -> None:
    for username, name, role in staff:
        if await accounts.by_username(username) is None:
            password = demo_secret(secret_key, f"staff/{username}", 12)
            person = Staff(staff_id(username), username, name, role)
            await accounts.save(person, hash_password(password), utc_now())


async def load_bank(unit: Unit) -> None:
    """The SKD bank and its blueprint; what is there already stays."""
    blueprint = parse_blueprint(files("item_bank").joinpath("blueprints", "skd.toml").read_bytes())
    author, reviewer = staff_id("penulis"), staff_id("penelaah")
    await catalog.import_items(
        unit.bank,
        bank_code="SKD",
        bank_name="SKD 2026",
        items=skd_items(),
        author_id=author,
        reviewer_id=reviewer,
        now=utc_now(),
    )
    await catalog.save_blueprint(unit.bank, blueprint, now=utc_now())


async def _load_session(unit: Unit, settings: Settings, rows: list[dict[str, Any]]) -> None:
    now = utc_now()
    exam = Exam(
        id=uuid5(NAMESPACE, "exam"),
        code="SKD-2026",
        title={"id": "Seleksi Kompetensi Dasar (uji coba)", "en": "Basic Competency Selection (try-out)"},
        instructions=INSTRUCTIONS,
        blueprint="skd",
        rule_pack="skd-2024-2",
        minutes=100,
        board=True,
        proctoring={"camera": True, "frame_interval_s": 5, "fullscreen": True},
    )
    await unit.exams.add_exam(exam, now)
    session = Session(
        uuid5(NAMESPACE, "session"), exam.id, SESSION_CODE, now - timedelta(hours=1), now + timedelta(days=30)
    )
    await unit.exams.add_session(session)
    pin_key = derive_key(settings.secret_key, "pin")
    await unit.exams.add_participants(
        [
            Participant(
                id=UUID(row["id"]),
                session_id=session.id,
                number=row["number"],
                name=row["name"],
                pin_digest=pin_digest(pin_key, row["number"], demo_secret(settings.secret_key, row["number"])),
                track=row["track"],
                vacancy=row["vacancy"],
                extra_minutes=EXTRA_MINUTES.get(row["track"], 0),
            )
            for row in rows
        ]
    )


def logins(settings: Settings, recruitment_settings: RecruitmentSettings) -> dict[str, Any]:
    """What `scripts/up.py --json` prints."""
    sites = (
        (EXAM_STAFF, settings.base_url),
        (RECRUITMENT_STAFF, recruitment_settings.recruitment_base_url),
    )
    return {
        "exam_url": settings.base_url,
        "recruitment_url": recruitment_settings.recruitment_base_url,
        "logins": [
            {
                "role": role,
                "username": username,
                "password": demo_secret(settings.secret_key, f"staff/{username}", 12),
                "url": f"{url}/staff/login",
            }
            for staff, url in sites
            for username, _, role in staff
        ],
        "candidates": [
            {
                "participant": row["number"],
                "pin": demo_secret(settings.secret_key, row["number"]),
                "exam": f"{settings.base_url}/exam/login",
            }
            for row in demo_participants()[:SHOWN_CANDIDATES]
        ],
    }


def show_logins(environ: Mapping[str, str], *, as_json: bool) -> None:
    """Print the logins as a table or as one JSON line."""
    told = logins(read_settings(Settings, environ), read_settings(RecruitmentSettings, environ))
    if as_json:
        typer.echo(msgspec.json.encode(told).decode())
        return
    console = Console()
    staff = Table("role", "user name", "password", "address", title="Staff")
    for each in told["logins"]:
        staff.add_row(each["role"], each["username"], each["password"], each["url"])
    candidates = Table("participant number", "PIN", "address", title="Candidates")
    for each in told["candidates"]:
        candidates.add_row(each["participant"], each["pin"], each["exam"])
    console.print(staff)
    console.print(candidates)
