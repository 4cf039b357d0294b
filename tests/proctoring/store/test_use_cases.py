"""The use cases on real tables, with a scripted camera in place of the network."""

import asyncio
import hashlib
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from kit.errors import NotFound
from proctoring.domain.gate import BadImage
from proctoring.domain.measure import FaceBox, Measurement
from proctoring.domain.review import AlreadyReviewed, UnknownDecision
from proctoring.domain.signals import Signal, UnknownSignal
from proctoring.service.frames import receive_frame
from proctoring.service.incidents import open_incidents, review_incident, session_incidents, standings
from proctoring.service.media import load
from proctoring.service.messages import BadMessage, messages_of, send_message
from proctoring.service.photos import store_identity_photo
from proctoring.service.signals import DetailTooLarge, TooManySignals, receive_signals, record_check
from proctoring.service.timeline import timeline
from proctoring.service.watch import begin_watch, end_watch, record_action
from proctoring.service.work import process_frames, process_signals, watch_silence
from proctoring.store.frames import PostgresFrameQueue

CAMERA = {"camera": True, "frame_interval_s": 5, "fullscreen": True}
JPEG = (
    b"\xff\xd8\xff\xc0\x00\x0b\x08\x00\xf0\x01\x40\x01\x01\x11\x00"
    b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x12\x34\x56\xff\xd9"
)


class Camera:
    """One candidate before a scripted camera: `await camera.shows("FAAA")` puts and processes a frame per letter."""

    def __init__(self, queue, units, bus, clock, attempt, session):
        self.queue, self.units, self.bus, self.clock = queue, units, bus, clock
        self.attempt, self.session = attempt, session
        self.shown = 0
        self.letter = "F"

    async def measure(self, jpeg, at):
        if self.letter == "U":
            raise BadImage("malformed")
        measured = Measurement(
            at=at,
            faces=() if self.letter in "AB" else (FaceBox(130, 60, 60, 80, 0.93),),
            brightness=3.0 if self.letter == "B" else 120.0,
            contrast=60.0,
            sharpness=300.0,
            dhash=(1 << 64) - self.shown,
            digest=self.shown,
            width=320,
            height=240,
            thumb=bytes([255 if self.letter == "A" else self.shown * 31 % 200] * 192),
        )
        if self.letter == "M":
            return replace(measured, faces=(*measured.faces, FaceBox(10, 60, 50, 70, 0.9)))
        return measured

    async def puts(self, letter, every_s=5.0):
        self.clock.move(every_s)
        self.shown += 1
        self.letter = letter
        await receive_frame(
            self.queue,
            self.bus,
            attempt_id=self.attempt,
            session_id=self.session,
            jpeg=JPEG,
            captured_at=self.clock() - timedelta(milliseconds=300),
            now=self.clock(),
        )

    async def works(self):
        return await process_frames(self.queue, self.units, self.measure, self.bus, self.clock, limit=8)

    async def shows(self, letters):
        for letter in letters:
            await self.puts(letter)
            assert await self.works() == 1

    async def begins(self, settings=CAMERA):
        async with self.units() as unit:
            await begin_watch(
                unit, attempt_id=self.attempt, session_id=self.session, proctoring=settings, now=self.clock()
            )

    async def signals(self, *kinds):
        async with self.units() as unit:
            await receive_signals(
                unit,
                attempt_id=self.attempt,
                session_id=self.session,
                signals=[Signal(kind, self.clock()) for kind in kinds],
                now=self.clock(),
            )

    async def time_passes(self, seconds, listening_s=3600):
        now = self.clock.move(seconds)
        since = now - timedelta(seconds=listening_s)
        await process_signals(self.units, self.bus, self.clock)
        return await watch_silence(self.queue, self.units, self.bus, self.clock, listening_since=since)

    async def incidents(self):
        async with self.units() as unit:
            return await session_incidents(unit, self.session)


@pytest.fixture
def camera(pool, units, bus, clock, attempt, session):
    return Camera(PostgresFrameQueue(pool), units, bus, clock, attempt, session)


async def test_an_absence_from_frame_to_review(camera, units, bus, clock, pool):
    await camera.begins()
    await camera.shows("FFAAA")
    (incident,) = await camera.incidents()
    assert (incident.kind, incident.severity, incident.closed_at) == ("ABSENT", "medium", None)
    assert incident.summary % incident.facts == "No face was found in 3 of 4 pictures."
    assert len(incident.media) == 3
    async with units() as unit:
        picture = await load(unit, incident.media[0])
    assert (picture.kind, picture.jpeg, picture.sha256) == ("evidence", JPEG, hashlib.sha256(JPEG).hexdigest())
    assert bus.kinds(camera.session) == ["frame"] * 5 + ["incident"]

    await camera.shows("FF")
    (closed,) = await camera.incidents()
    assert closed.closed_at == clock()
    async with units() as unit:
        assert [each.id for each in await open_incidents(unit, camera.session)] == [incident.id]
        reviewed = await review_incident(
            unit, incident.id, decision="dismissed", note="tied a shoe", reviewer="yusuf", now=clock()
        )
        assert (reviewed.review.decision, reviewed.review.by) == ("dismissed", "yusuf")
        assert await open_incidents(unit, camera.session) == []
    assert await pool.fetchval("select count(*) from proctor.measurement") == 7
    assert await pool.fetchval("select bool_and(dhash < 0) from proctor.measurement")


async def test_a_review_is_given_once(camera, units, clock):
    await camera.shows("MM")
    (incident,) = await camera.incidents()
    given = {"note": "", "reviewer": "yusuf", "now": clock()}
    async with units() as unit:
        with pytest.raises(UnknownDecision):
            await review_incident(unit, incident.id, decision="guilty", **given)
        with pytest.raises(NotFound):
            await review_incident(unit, uuid4(), decision="upheld", **given)
        await review_incident(unit, incident.id, decision="upheld", **given)
        with pytest.raises(AlreadyReviewed):
            await review_incident(unit, incident.id, decision="dismissed", **given)


async def test_pictures_that_became_no_evidence_are_deleted(camera, pool):
    await camera.shows("FAFF")
    assert await pool.fetchval("select count(*) from proctor.media") == 1  # still in the window
    await camera.shows("FF")
    assert await pool.fetchval("select count(*) from proctor.media") == 0
    assert await camera.incidents() == []


async def test_a_frame_worked_on_twice_counts_once(camera, pool):
    await camera.begins()
    await camera.shows("FAA")
    frame = await camera.queue.latest(camera.attempt)
    await pool.execute("update proctor.live_frame set measured = false, claimed_at = null")
    assert await camera.works() == 1
    assert await camera.incidents() == []
    assert await pool.fetchval("select count(*) from proctor.measurement where at = $1", frame.at) == 1
    await camera.shows("A")
    (incident,) = await camera.incidents()
    assert len(incident.media) == 3


async def test_a_worker_that_fails_leaves_the_frame_and_nothing_half_done(camera, pool, clock):
    async def breaks(jpeg, at):
        raise RuntimeError("out of memory")

    await camera.puts("F")
    assert await process_frames(camera.queue, camera.units, breaks, camera.bus, clock, limit=8) == 1
    assert await pool.fetchval("select count(*) from proctor.measurement") == 0
    assert await camera.works() == 0  # claimed
    clock.move(10)
    assert await camera.works() == 1
    assert await pool.fetchval("select count(*) from proctor.measurement") == 1


async def test_unreadable_pictures_are_unverifiable_not_absent(camera):
    await camera.begins()
    await camera.shows("FUUU")
    (incident,) = await camera.incidents()
    assert (incident.kind, incident.facts["reason"], incident.media) == ("UNVERIFIABLE", "unreadable", [])


async def test_signals_are_judged_by_the_worker(camera, bus, units):
    await camera.begins()
    await camera.signals("hidden")
    assert await camera.time_passes(2) == 0
    assert await camera.incidents() == []
    await camera.time_passes(1)
    (incident,) = await camera.incidents()
    assert (incident.kind, incident.topic, incident.severity) == ("SIGNAL", "hidden", "low")
    assert incident.summary == "It has not ended yet."
    await camera.signals("visible")
    await camera.time_passes(1)
    (incident,) = await camera.incidents()
    assert incident.summary % incident.facts == "Another tab or window covered it for 3 seconds."
    assert incident.closed_at is not None
    assert bus.kinds(camera.session) == ["incident", "incident"]


async def test_bad_signals_write_nothing(camera, pool, units, clock):
    about = {"attempt_id": camera.attempt, "session_id": camera.session, "now": clock()}
    bad = {
        UnknownSignal: [Signal("visible", clock()), Signal("\x00" * 64_000, clock())],
        TooManySignals: [Signal("blur", clock())] * 201,
        DetailTooLarge: [Signal("paste", clock(), {"text": "x" * 3_000})],
    }
    for error, signals in bad.items():
        with pytest.raises(error):
            async with units() as unit:
                await receive_signals(unit, signals=signals, **about)
    assert await pool.fetchval("select count(*) from proctor.signal") == 0


async def test_silence(camera):
    await camera.begins()
    await camera.shows("F")
    assert await camera.time_passes(29) == 0
    assert await camera.time_passes(1) == 1
    (incident,) = await camera.incidents()
    assert (incident.kind, incident.severity) == ("UNVERIFIABLE", "low")
    await camera.shows("FF")
    (incident,) = await camera.incidents()
    assert incident.closed_at is not None


async def test_silence_is_not_blamed_on_candidates_when_the_worker_was_away(camera):
    await camera.begins()
    await camera.shows("F")
    await camera.time_passes(300, listening_s=10)
    assert await camera.incidents() == []
    # frames came while nobody measured them
    await camera.puts("F", every_s=20)
    await camera.time_passes(15)
    assert await camera.incidents() == []


async def test_silence_of_nearly_all_is_a_remark(camera, units, clock):
    cameras = [Camera(camera.queue, units, camera.bus, clock, uuid4(), camera.session) for _ in range(6)]
    for each in cameras:
        await each.begins()
    await camera.time_passes(40)
    incidents = await camera.incidents()
    assert len(incidents) == 6
    assert {each.severity for each in incidents} == {"info"}


async def test_a_pause_stops_the_watch_and_is_told(camera, units, clock):
    await camera.begins()
    await camera.shows("FAAA")
    about = {"attempt_id": camera.attempt, "session_id": camera.session, "actor": "yusuf"}
    async with units() as unit:
        await record_action(unit, kind="paused", detail={"reason": "fire drill"}, now=clock(), **about)
    await camera.shows("AAAA")
    assert await camera.time_passes(600) == 0
    (incident,) = await camera.incidents()
    assert incident.closed_at is not None
    async with units() as unit:
        await record_action(unit, kind="resumed", detail={}, now=clock(), **about)
    assert await camera.time_passes(31) == 1
    async with units() as unit:
        entries = await timeline(unit, camera.attempt)
    told = [(each.kind, each.detail % each.facts) for each in entries if each.kind in ("paused", "resumed")]
    assert told == [("paused", "By yusuf: fire drill"), ("resumed", "By yusuf")]


async def test_after_the_end_nothing_is_raised(camera, units, clock):
    await camera.begins()
    await camera.shows("FA")
    async with units() as unit:
        await end_watch(unit, attempt_id=camera.attempt, session_id=camera.session, now=clock())
    await camera.shows("AAAA")
    await camera.signals("hidden")
    assert await camera.time_passes(600) == 0
    assert await camera.incidents() == []


async def test_wrong_thresholds_do_not_stop_an_exam(camera):
    await camera.begins({"camera": True, "thresholds": {"absent_frames": "many"}})
    await camera.shows("FAAA")
    assert [each.kind for each in await camera.incidents()] == ["ABSENT"]


async def test_thresholds_of_the_exam_hold(camera):
    await camera.begins({"camera": True, "thresholds": {"absent_frames": 4}})
    await camera.shows("FAAA")
    assert await camera.incidents() == []
    await camera.shows("A")
    assert len(await camera.incidents()) == 1


async def test_a_state_of_another_version_is_dropped(camera, pool):
    await camera.shows("FAAA")
    await pool.execute("""update proctor.watch set state = '{"window": 7}'""")
    await camera.shows("FAAA")
    old, new = sorted(await camera.incidents(), key=lambda each: each.opened_at)
    assert old.closed_at is not None
    assert new.closed_at is None


async def test_several_workers_on_one_attempt(camera, units, clock, pool):
    """Steps of one attempt are put in order by its row lock, whoever makes them."""
    await camera.begins()
    await camera.shows("F")
    for _ in range(10):
        await camera.signals("paste")
        await camera.puts("A", every_s=1)
        await asyncio.gather(
            camera.works(), camera.works(), *(process_signals(units, camera.bus, clock) for _ in range(4))
        )
    by_kind = {each.kind: each for each in await camera.incidents()}
    assert by_kind["SIGNAL"].facts == {"count": 10}
    assert len(by_kind) == len(await camera.incidents()) == 2
    assert await pool.fetchval("select count(*) from proctor.signal where not applied") == 0


async def test_photo_check_message_timeline_and_standing(camera, units, clock, attempt):
    async with units() as unit:
        photo = await store_identity_photo(unit, attempt_id=attempt, jpeg=JPEG, now=clock())
        await record_check(
            unit, attempt_id=attempt, results=[{"name": "camera", "ok": True, "detail": ""}], now=clock.move(1)
        )
        sent = await send_message(
            unit, attempt_id=attempt, text=" Sit closer. ", author="Yusuf Hakim", now=clock.move(1)
        )
        assert await messages_of(unit, attempt) == [sent]
        for text in ("", " \x00", "x" * 2_001):
            with pytest.raises(BadMessage):
                await send_message(unit, attempt_id=attempt, text=text, author="Yusuf Hakim", now=clock())
    await camera.begins()
    await camera.shows("FMM")
    await camera.signals("unsupported")
    await camera.time_passes(0)
    async with units() as unit:
        entries = await timeline(unit, attempt)
        stands = await standings(unit, [attempt, other := uuid4()])
    assert [each.kind for each in entries] == ["photo", "check", "message", "incident", "signal", "incident"]
    assert entries[0].media == [photo]
    assert entries[2].detail % entries[2].facts == "Sit closer."
    assert [each.at for each in entries] == sorted(each.at for each in entries)
    stand = stands[attempt]
    assert (stand.open_incidents, stand.worst, stand.photo, stand.frame_at) == (1, "high", photo, clock())
    assert (stands[other].open_incidents, stands[other].worst, stands[other].photo) == (0, None, None)


@pytest.mark.parametrize("jpeg", [b"", b"<html>", JPEG + b"PK\x03\x04", JPEG[:12]])
async def test_bad_pictures_write_nothing(camera, units, bus, pool, clock, attempt, jpeg):
    with pytest.raises(BadImage):
        async with units() as unit:
            await store_identity_photo(unit, attempt_id=attempt, jpeg=jpeg, now=clock())
    with pytest.raises(BadImage):
        await receive_frame(
            camera.queue, bus, attempt_id=attempt, session_id=uuid4(), jpeg=jpeg, captured_at=None, now=clock()
        )
    assert await pool.fetchval("select count(*) from proctor.media") == 0
    assert await pool.fetchval("select count(*) from proctor.live_frame") == 0
    assert bus.published == []
