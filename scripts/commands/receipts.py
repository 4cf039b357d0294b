"""`ombilin attempt`: export an attempt, and tell whether a receipt fits what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import msgspec
import typer

from exam_engine.domain.receipt import NoReceipt, ScoreReceipt, read_receipt
from exam_engine.service.item_points import ItemCache
from exam_engine.service.marking import Marking, mark, record_differences
from exam_engine.service.verify import AttemptExport, Finding, Recompute, export_attempt, read_export, verify_receipt
from item_bank.service.catalog import load_versions
from kit.canonical import sha256_hex
from kit.postgres import open_connection
from kit.settings import read_settings
from kit.signing import SigningKey, verify_record
from web.settings import Settings
from web.wiring import Unit, load_rule_packs


async def export(environ: Mapping[str, str], attempt: UUID, out: Path) -> None:
    """Write one attempt as a file that can be verified without a database."""
    settings = read_settings(Settings, environ)
    connection = await open_connection(settings.database_url)
    try:
        async with connection.transaction(readonly=True, isolation="repeatable_read"):
            found = await export_attempt(Unit(connection), attempt, SigningKey(settings.signing_key).public_hex)
    finally:
        await connection.close()
    _write(out, msgspec.json.format(msgspec.json.encode(found)))
    typer.echo(f"{out}: {len(found.events)} events, {len(found.scores)} score versions")


async def verify(
    environ: Mapping[str, str], receipt: str, log: Path | None, public_key: str | None, *, as_json: bool
) -> None:
    """Print what holds and what does not; exit status 1 when the receipt does not fit."""
    text = _text_of(receipt)
    if log is None:
        finding = await _verify_stored(environ, text, public_key)
    else:
        found = read_export(_read(log))
        if public_key is None:
            typer.secho("No --key given: the key is the one that the export names.", fg=typer.colors.YELLOW, err=True)
        finding = verify_receipt(read_receipt(text), found, public_key or found.public_key)
    tell(finding, as_json=as_json)
    if not finding.holds:
        raise typer.Exit(1)


def _read(path: Path) -> bytes:
    return path.read_bytes()


def _write(path: Path, raw: bytes) -> None:
    path.write_bytes(raw)


def _text_of(receipt: str) -> str:
    path = Path(receipt)
    try:
        return path.read_text(encoding="utf-8") if path.is_file() else receipt
    except (OSError, ValueError):  # a receipt is too long for a file's name
        return receipt


async def _verify_stored(environ: Mapping[str, str], text: str, public_key: str | None) -> Finding:
    settings = read_settings(Settings, environ)
    public_hex = public_key or SigningKey(settings.signing_key).public_hex
    receipt = read_receipt(text)
    connection = await open_connection(settings.database_url)
    try:
        async with connection.transaction(readonly=True, isolation="repeatable_read"):
            unit = Unit(connection)
            attempt: UUID | None
            if isinstance(receipt, ScoreReceipt):
                attempt = await unit.scores.attempt_of(sha256_hex(verify_record(receipt.jws, public_hex)))
            else:
                attempt = receipt.attempt
            if attempt is None:
                raise NoReceipt("no score with this record is stored here")
            found = await export_attempt(unit, attempt, public_hex)
            recompute = await _recompute(unit, found, SigningKey(settings.signing_key))
    finally:
        await connection.close()
    return verify_receipt(receipt, found, public_hex, recompute)


async def _recompute(unit: Unit, found: AttemptExport, signing_key: SigningKey) -> Recompute:
    """Every score version computed anew, by both scorers, with the keys of its edition."""
    items = ItemCache(lambda version_ids: load_versions(unit.bank, version_ids))
    marking = Marking(items, load_rule_packs(), signing_key)
    attempt = await unit.attempts.get(found.attempt)
    differs: dict[int, list[str]] = {}
    for score in found.scores:
        marked = await mark(unit, attempt, marking, score.record["key_version"], score.log_hash)
        differs[score.version] = record_differences(marked, score.record)
    return lambda _, score: differs[score.version]


def tell(finding: Finding, *, as_json: bool) -> None:
    """In words, or as one JSON value."""
    if as_json:
        typer.echo(msgspec.json.encode(finding).decode())
        return
    for line in finding.checked:
        typer.secho(f"  holds: {line}", fg=typer.colors.GREEN)
    for line in finding.wrong:
        typer.secho(f"  WRONG: {line}", fg=typer.colors.RED)
    if finding.holds:
        typer.echo("The receipt fits: the stored log is the one that was acknowledged.")
    elif finding.first_difference is not None:
        typer.echo(f"The receipt does NOT fit. The first event that differs is number {finding.first_difference}.")
    else:
        typer.echo("The receipt does NOT fit.")
