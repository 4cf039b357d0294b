"""A participant number is the same however its dashes, spaces and capitals are written, here and in the database."""

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_engine.service.seat import normal_number, take_seat
from kit.clock import utc_now
from tests.exam_engine.store.test_use_cases import fresh_attempt

NUMBERS = st.text(st.sampled_from("0123456789AZ"), min_size=1, max_size=20)
SEPARATORS = st.text(st.sampled_from(" -./–\u00a0\t"), max_size=3)


@given(NUMBERS, st.data())
def test_separators_and_capitals_do_not_count(number, data):
    written = "".join(data.draw(SEPARATORS) + ch for ch in number) + data.draw(SEPARATORS)
    assert normal_number(written) == normal_number(written.lower()) == number


@given(NUMBERS, NUMBERS)
def test_other_characters_are_another_number(one, other):
    assert (normal_number(one) == normal_number(other)) == (one == other)


@pytest.mark.parametrize("text", ["24-1373-000123", " 24 1373 000123 ", "t–001", "İ-1", "ß2", "³", "a_b"])
async def test_the_database_computes_the_same(pool, text):
    key = "upper(regexp_replace($1::text collate \"C\", '[^0-9A-Za-z]', '', 'g'))"
    assert await pool.fetchval(f"select {key}", text) == normal_number(text)


@pytest.mark.parametrize("written", ["T-001", "t001", " T 001 ", "T–001"])
async def test_the_seat_is_taken_however_the_number_is_written(system, world, written):
    async with system.unit() as unit:
        seat = await take_seat(
            unit, number=written, pin=world.pin, key=system.keys.pin, fresh=fresh_attempt(), now=utc_now()
        )
    number = await system.pool.fetchval(
        "select p.number from exam.attempt a join exam.participant p on p.id = a.participant_id where a.id = $1",
        seat.attempt_id,
    )
    assert number == "T-001"


@pytest.mark.parametrize(
    ("number", "error"), [("T001", asyncpg.UniqueViolationError), (" - ", asyncpg.CheckViolationError)]
)
async def test_numbers_of_a_session_differ_in_what_counts(system, number, error):
    with pytest.raises(error):
        await system.pool.execute(
            "insert into exam.participant (id, session_id, number, name, pin_digest, track, vacancy, extra_minutes)"
            " select gen_random_uuid(), session_id, $1, name, pin_digest, track, vacancy, 0"
            " from exam.participant where number = 'T-001'",
            number,
        )
