"""Staff accounts at the command line: long passwords, a list, and disabling that ends sessions and is audited."""

import json
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from kit.accounts import service
from kit.accounts.service import NoSuchAccount, ShortPassword, log_in, who_is
from kit.clock import utc_now
from scripts.commands import staff
from scripts.commands.staff import Place, UnknownRole

LONG = "twelve signs"


@pytest.fixture
def place(database_url, monkeypatch):
    monkeypatch.setattr(service, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    return Place(database_url, "ops", ("author", "auditor"))


async def listed(place, capsys):
    capsys.readouterr()
    await staff.show(place, as_json=True)
    return {line["username"]: line["disabled_at"] is not None for line in json.loads(capsys.readouterr().out)}


@pytest.mark.parametrize("password", ["", "eleven sign"])
async def test_short_passwords_are_refused(place, capsys, password):
    with pytest.raises(ShortPassword, match=r"^A password has at least 12 characters\.$"):
        await staff.add(place, "siti", "Siti", "author", password)
    assert await listed(place, capsys) == {}


async def test_an_unknown_role_is_refused(place):
    with pytest.raises(UnknownRole):
        await staff.add(place, "siti", "Siti", "queen", LONG)


async def test_a_disabled_account_is_out_at_once_and_in_again_when_added(place, capsys, pool):
    await staff.add(place, "Siti", "Siti", "author", LONG)
    now = utc_now()
    person, token = await log_in(place.accounts, "siti", LONG, now)
    await staff.disable(place, "SITI")
    async with place.accounts() as accounts:
        assert await who_is(accounts, token, now + timedelta(seconds=1)) is None
    assert await pool.fetchval("select count(*) from ops.staff_session") == 0
    assert await listed(place, capsys) == {"siti": True}
    with pytest.raises(service.WrongCredentials):
        await log_in(place.accounts, "siti", LONG, now)
    await staff.add(place, "siti", "Siti", "auditor", LONG)
    assert await listed(place, capsys) == {"siti": False}
    lines = await pool.fetch("select action, subject from ops.audit where action like 'staff-%' order by id")
    assert [line["action"] for line in lines] == ["staff-added", "staff-login", "staff-disabled", "staff-added"]
    assert {line["subject"] for line in lines} == {str(person.id)}


async def test_nobody_of_that_name(place):
    with pytest.raises(NoSuchAccount, match="There is no account budi"):
        await staff.disable(place, "budi")
