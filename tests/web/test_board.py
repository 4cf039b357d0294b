"""The public board over HTTP: points at every tenth answer, order of equal totals, what a terminated attempt shows."""

import re
from uuid import UUID, uuid4

import pytest

from exam_engine.service.board import Board
from tests.web.test_pages import SEAT, send, text_of, visitor_of

POINTS = re.compile(r'<td class="num b-(?:section|total)"[^>]*>([^<]*)</td>')


class Candidate:
    """Somebody who works: item by item, with the option that is asked for."""

    def __init__(self, client, world, number):
        self.client, self.world, self.number = client, world, number
        self.device, self.seq = str(uuid4()), 0

    async def start(self):
        await send(self.client, "/exam/login", "/exam/login", number=self.number, pin=self.world.pin)
        started = (await self.client.post("/api/seat/start", json={}, headers=SEAT)).json()
        self.attempt, self.items, self.at = UUID(started["attempt"]["id"]), started["items"], started["state"]["now"]
        return self

    async def choose(self, *choices):
        """(place, option index or None for no answer)."""
        operations = []
        for place, option in choices:
            self.seq += 1
            item = self.items[place]
            letter = None if option is None else item["interaction"]["options"][option]["id"]
            value = {"base": None if letter is None else {"identifier": letter}}
            told = {"seq": self.seq, "rev": self.seq, "kind": "respond", "item": item["ref"], "at": self.at}
            operations.append(told | {"value": value})
        ack = await self.client.post("/api/seat/ops", json={"client": self.device, "ops": operations}, headers=SEAT)
        assert ack.json()["acked"] == self.seq


class Reader:
    """A unit of work that counts whose logs were read."""

    def __init__(self, unit):
        self._unit, self.attempts, self.read = unit, self, []

    def __getattr__(self, name):
        return getattr(self._unit.attempts, name)

    async def response_events(self, attempt_ids):
        self.read += attempt_ids
        return await self._unit.attempts.response_events(attempt_ids)


@pytest.fixture
async def visitor(system):
    async with visitor_of(system) as client:
        yield client


@pytest.fixture
def board_of(system, world):
    """A worker's board, refreshed: (row of the candidate, attempts whose logs were read)."""

    def fresh():
        board = Board(world.session_id, system.rule_packs["skd-2024"], system.items)

        async def look(number):
            async with system.unit() as unit:
                reader = Reader(unit)
                await board.refresh(reader)
            return next(row for row in board.rows() if row.number == number), reader.read

        return look

    return fresh


async def test_clicking_through_the_options_of_an_item_tells_nothing(visitor, world, board_of):
    candidate = await Candidate(visitor, world, "T-003").start()
    last = len(candidate.items) - 1  # a TKP item: every option earns something
    look = board_of()
    await candidate.choose(*[(last - n, 0) for n in range(10)])
    first, read = await look("T-003")
    assert first.total > 0
    assert read == [candidate.attempt]
    for option in (1, 2, 3, 4, None, 0):
        await candidate.choose((last, option), (0, option))
        row, read = await look("T-003")
        assert (row.total, row.sections) == (first.total, first.sections)
        assert row.answered == (9 if option is None else 11), "the count is live"
        assert read == [], "nothing to find in the log before the next multiple"
    await candidate.choose(*[(n, 0) for n in range(1, 10)])
    moved, read = await look("T-003")
    assert moved.total >= first.total
    assert moved.answered == 20
    assert read == [candidate.attempt]
    again, _ = await board_of()("T-003")
    assert again == moved, "another worker, or this one after a restart, shows the same"


async def test_at_the_end_everything_counts(visitor, world, board_of):
    candidate = await Candidate(visitor, world, "T-004").start()
    await candidate.choose(*[(len(candidate.items) - 1 - n, 0) for n in range(9)])
    row, _ = await board_of()("T-004")
    assert (row.total, row.answered, row.passed) == (0, 9, None)
    answer = await visitor.post("/api/seat/submit", json={}, headers=SEAT)
    assert answer.is_success, answer.text
    row, read = await board_of()("T-004")
    assert row.total >= 9
    assert row.passed is False
    assert read == [], "an ended attempt needs no checkpoint"


async def test_the_page_says_when_points_are_counted(visitor, world):
    await (await Candidate(visitor, world, "T-005").start()).choose((0, 0))
    page = await text_of(visitor, "/board/SKD-TEST")
    assert "Nilai peserta yang masih mengerjakan dihitung setiap 10 soal terjawab." in page


async def test_a_terminated_attempt_shows_no_points(visitor, world, system, board_of):
    candidate = await Candidate(visitor, world, "T-006").start()
    await candidate.choose(*[(n, 0) for n in range(10)])
    end = "update exam.attempt set status = 'terminated', ended_at = clock_timestamp() where id = $1"
    await system.pool.execute(end, candidate.attempt)
    row, _ = await board_of()("T-006")
    assert (row.total, row.sections, row.passed) == (None, {}, None)
    page = await text_of(visitor, "/board/SKD-TEST")
    line = re.search(r"<tr>(?:(?!</tr>).)*T-006.*?</tr>", page, re.DOTALL)[0]
    assert POINTS.findall(line) == ["–", "–", "–", "–"]
