"""The rules as tables: what a row of frames opens and closes, and what must hold for every row."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctoring.domain.incident import Closed, Extended, Kind, Opened, Released, Severity
from proctoring.domain.measure import FaceBox, Measurement, unreadable
from proctoring.domain.rules import due_at, kept_frames, step
from proctoring.domain.signals import KINDS, Signal
from proctoring.domain.state import RuleState, Tick, Watch
from proctoring.domain.thresholds import Thresholds

T0 = datetime(2026, 2, 3, 1, 0, tzinfo=UTC)
LIMITS = Thresholds(camera=True, fullscreen=True)
FACE = FaceBox(130, 60, 60, 80, 0.93)
OTHER = FaceBox(10, 60, 50, 70, 0.9)
STILL = {"S": 100, "A": 255}  # grey of the whole picture; an empty room looks unlike the room with somebody in it


def frame(letter: str, index: int = 0, at: datetime = T0) -> Measurement:
    """F face, M two faces, H weak face, A nobody, B dark, U unreadable, S the same bytes as every other S."""
    faces = {"F": (FACE,), "S": (FACE,), "M": (FACE, OTHER), "H": (replace(FACE, score=0.5),)}.get(letter, ())
    if letter == "U":
        return unreadable(at)
    return Measurement(
        at=at,
        faces=faces,
        brightness=4.0 if letter == "B" else 120.0,
        contrast=60.0,
        dhash=1 if letter == "S" else index + 2,
        digest=1 if letter == "S" else index + 2,
        width=320,
        height=240,
        thumb=bytes([STILL.get(letter) or (index * 37 + cell * 11) % 200 for cell in range(192)]),
    )


def play(letters: str, every_s: float = 5, state: RuleState | None = None, limits: Thresholds = LIMITS):
    """Every event of a row of frames, and the last state."""
    state, events = state or RuleState(), []
    for index, letter in enumerate(letters):
        if letter == ".":  # a frame that never came
            continue
        at = T0 + timedelta(seconds=every_s * index)
        state, now = step(state, frame(letter, index, at), limits, f"{letter}{index}")
        events += now
    return state, events


def told(events) -> list[str]:
    signs = {Opened: "+", Closed: "-"}
    return [
        signs[type(event)] + event.incident.kind + (f":{event.incident.topic}" if event.incident.topic else "")
        for event in events
        if type(event) in signs
    ]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        # a single frame decides nothing
        ("FFFAFFF", []),
        ("FMFFF", []),
        ("FBFBF", []),
        ("FUFFF", []),
        # three of four
        ("FAAA", ["+ABSENT"]),
        ("FAFAA", ["+ABSENT"]),
        ("FAFAFA", []),
        ("FAAAF", ["+ABSENT"]),
        ("FAAAFF", ["+ABSENT", "-ABSENT"]),
        ("FAAAFAFF", ["+ABSENT", "-ABSENT"]),  # one face frame between does not end it
        ("FBBB", ["+BLIND"]),
        ("FBBBFF", ["+BLIND", "-BLIND"]),
        ("UUU", ["+UNVERIFIABLE"]),
        ("UUUFF", ["+UNVERIFIABLE", "-UNVERIFIABLE"]),
        # two of three
        ("FMM", ["+MULTIPLE"]),
        ("FMFM", ["+MULTIPLE"]),
        ("FMFFM", []),
        ("FMMFF", ["+MULTIPLE", "-MULTIPLE"]),
        # hidden is not absent, and a mixture opens one of them
        ("FHHH", ["+FACE_HIDDEN"]),
        ("FHAAA", ["+ABSENT"]),
        ("FAHAH", ["+FACE_HIDDEN"]),
        ("FHHHFF", ["+FACE_HIDDEN", "-FACE_HIDDEN"]),
        # dark frames do not show that somebody came back
        ("FAAABB", ["+ABSENT"]),
        ("FAAABBBFF", ["+ABSENT", "+BLIND", "-ABSENT", "-BLIND"]),
        # old frames do not count together with new ones
        ("FAA" + "." * 14 + "AF", []),
        # frozen: the very same bytes six times
        ("SSSSS", []),
        ("SSSSSS", ["+FROZEN"]),
        ("SSSSSSFF", ["+FROZEN", "-FROZEN"]),
        ("BBBBBBBB", ["+BLIND"]),  # darkness is not frozen
    ],
)
def test_rows_of_frames(row, expected):
    assert told(play(row)[1]) == expected


def test_what_opens_carries_the_frames_that_show_it():
    _, events = play("FFAFAA")
    opened = next(event for event in events if isinstance(event, Opened))
    assert opened.evidence == ("A2", "A4", "A5")
    assert opened.incident.opened_at == T0 + timedelta(seconds=10)
    assert opened.incident.facts == {"frames": 3, "of": 4}


def test_a_suspect_frame_that_leaves_the_window_is_released():
    _, events = play("FAFFFFF")
    assert events == [Released(("A1",))]


def test_long_absence_rises_and_keeps_few_pictures():
    state, events = play("F" + "A" * 100)
    opened = next(event for event in events if isinstance(event, Opened))
    extended = [event for event in events if isinstance(event, Extended)]
    assert opened.incident.severity is Severity.MEDIUM
    assert state.open[0].severity is Severity.HIGH
    assert state.open[0].evidence == LIMITS.evidence_frames
    assert sum(event.notable for event in extended) <= LIMITS.evidence_frames + 1
    assert len(extended) == 97


def test_a_still_picture_is_frozen_after_two_minutes_even_when_recompressed():
    state, events = RuleState(), []
    for index in range(LIMITS.still_frames):
        at = T0 + timedelta(seconds=5 * index)
        nearly = replace(frame("S", at=at), digest=index)
        state, now = step(state, nearly, LIMITS, str(index))
        events += now
    assert told(events) == ["+FROZEN"]
    assert state.open[0].opened_at == T0 + timedelta(seconds=5 * (LIMITS.still_frames - 1))


def signals(*rows):
    """Play (second, kind or None for a tick) and return the events."""
    state, events = RuleState(), []
    for second, kind in rows:
        at = T0 + timedelta(seconds=second)
        observed = Tick(at) if kind is None else Signal(kind, at, {"what": "x"} if kind == "unsupported" else {})
        state, now = step(state, observed, LIMITS)
        events += now
    return told(events), events, state


HIDDEN_ONCE = ["+SIGNAL:hidden", "-SIGNAL:hidden"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(0, "hidden"), (2, "visible")], []),
        ([(0, "hidden"), (8, "visible")], HIDDEN_ONCE),
        ([(0, "hidden"), (2, None)], []),
        ([(0, "hidden"), (3, None), (9, "visible")], HIDDEN_ONCE),
        # leaving the tab takes the focus too: one incident
        (
            [(0, "blur"), (0, "hidden"), (30, None), (40, "visible"), (40, "focus")],
            ["+SIGNAL:hidden", "-SIGNAL:hidden"],
        ),
        ([(0, "blur"), (14, None), (14, "focus")], []),
        ([(0, "blur"), (15, None), (20, "focus")], ["+SIGNAL:blur", "-SIGNAL:blur"]),
        ([(0, "fullscreen_left"), (5, "fullscreen_entered")], ["+SIGNAL:fullscreen", "-SIGNAL:fullscreen"]),
        ([(0, "paste"), (10, "paste"), (69, None)], ["+SIGNAL:paste"]),
        ([(0, "paste"), (10, "paste"), (70, None)], ["+SIGNAL:paste", "-SIGNAL:paste"]),
        ([(0, "paste"), (61, "paste")], ["+SIGNAL:paste", "-SIGNAL:paste", "+SIGNAL:paste"]),
        ([(0, "unsupported"), (9, "unsupported")], ["+SIGNAL:unsupported", "-SIGNAL:unsupported"]),
        ([(0, "visible"), (1, "focus"), (2, "online"), (3, "camera_back"), (4, "fullscreen_entered")], []),
        # the end came before the beginning on a wild clock
        ([(10, "fullscreen_left"), (5, "fullscreen_entered")], ["+SIGNAL:fullscreen", "-SIGNAL:fullscreen"]),
    ],
)
def test_rows_of_signals(rows, expected):
    assert signals(*rows)[0] == expected


def test_pastes_are_counted():
    _, _, state = signals((0, "paste"), (10, "paste"), (20, "paste"))
    assert state.open[0].facts == {"count": 3}


def test_full_screen_means_nothing_where_it_is_not_required():
    state, events = step(RuleState(), Signal("fullscreen_left", T0), Thresholds())
    assert (state.open, events) == ((), [])


@pytest.mark.parametrize(
    ("rows", "tick", "expected"),
    [
        ([Watch(T0, on=True)], Tick(T0 + timedelta(seconds=29)), []),
        ([Watch(T0, on=True)], Tick(T0 + timedelta(seconds=30)), ["+UNVERIFIABLE"]),
        ([], Tick(T0 + timedelta(seconds=300)), []),  # never begun
        ([Watch(T0, on=True), Watch(T0, on=False)], Tick(T0 + timedelta(seconds=300)), []),  # paused
        # a frame arrived that nobody has worked on
        ([Watch(T0, on=True)], Tick(T0 + timedelta(seconds=60), heard_at=T0 + timedelta(seconds=55)), []),
        # we were not listening
        ([Watch(T0, on=True)], Tick(T0 + timedelta(seconds=60), listening_since=T0 + timedelta(seconds=50)), []),
    ],
)
def test_silence(rows, tick, expected):
    state = RuleState()
    for observed in rows:
        state, _ = step(state, observed, LIMITS)
    assert told(step(state, tick, LIMITS)[1]) == expected


def test_silence_says_its_reason_and_ends_with_pictures():
    state, _ = step(RuleState(), Watch(T0, on=True), LIMITS)
    state, _ = step(state, Signal("camera_lost", T0), LIMITS)
    state, events = step(state, Tick(T0 + timedelta(seconds=31)), LIMITS)
    assert events[0].incident.facts == {"reason": "camera_lost", "seconds": 30}
    for second in (40, 45):
        state, events = step(state, frame("F", second, T0 + timedelta(seconds=second)), LIMITS)
    assert told(events) == ["-UNVERIFIABLE"]


def test_what_most_candidates_have_is_a_remark():
    state, _ = step(RuleState(), Watch(T0, on=True), LIMITS)
    state, events = step(state, Tick(T0 + timedelta(seconds=500), widespread=True), LIMITS)
    assert events[0].incident.severity is Severity.INFO
    assert due_at(state, LIMITS) is None


def test_a_pause_closes_everything_and_nothing_opens_in_it():
    state, _ = play("FAAA")
    state, events = step(state, Watch(T0 + timedelta(minutes=1), on=False), LIMITS)
    assert told(events) == ["-ABSENT"]
    state, events = play("AAAAAA", state=state)
    assert (state.open, events) == ((), [])
    state, _ = step(state, Watch(T0 + timedelta(minutes=2), on=True), LIMITS)
    assert due_at(state, LIMITS) == T0 + timedelta(minutes=2, seconds=LIMITS.silence_s)


rows_of_frames = st.text(alphabet="FMHABUS.", max_size=40)
observations = st.lists(
    st.tuples(
        st.sampled_from(["F", "M", "H", "A", "B", "U", "S", "tick", "on", "off", *sorted(KINDS)]), st.integers(0, 40)
    ),
    max_size=40,
)


def anything(rows):
    """Observations at growing times."""
    at = T0
    for index, (what, pause_s) in enumerate(rows):
        at += timedelta(seconds=pause_s)
        if what in KINDS:
            yield Signal(what, at), ""
        elif what == "tick":
            yield Tick(at), ""
        elif what in ("on", "off"):
            yield Watch(at, on=what == "on"), ""
        else:
            yield frame(what, index, at), f"frame{index}"


@given(observations)
def test_incidents_open_once_and_close_what_is_open(rows):
    state, open_now = RuleState(), set()
    for observed, name in anything(rows):
        state, events = step(state, observed, LIMITS, name)
        for event in events:
            if isinstance(event, Released):
                continue
            key = (event.incident.kind, event.incident.topic)
            assert (key in open_now) == (not isinstance(event, Opened))
            if isinstance(event, Opened):
                open_now.add(key)
            if isinstance(event, Closed):
                open_now.remove(key)
                assert event.at >= event.incident.opened_at
        assert {(each.kind, each.topic) for each in state.open} == open_now
        assert all(each.evidence <= LIMITS.evidence_frames for each in state.open)


@given(observations)
def test_the_state_survives_being_stored(rows):
    direct = stored = RuleState()
    for observed, name in anything(rows):
        direct, first = step(direct, observed, LIMITS, name)
        stored, second = step(stored, observed, LIMITS, name)
        assert first == second
        stored = msgspec.convert(msgspec.json.decode(msgspec.json.encode(stored)), RuleState)
        assert {each.kind for each in stored.open} == {each.kind for each in direct.open}


@given(observations)
def test_an_observation_twice_is_as_once_for_frames(rows):
    state = RuleState()
    for observed, name in anything(rows):
        state, _ = step(state, observed, LIMITS, name)
        if isinstance(observed, Measurement):
            assert step(state, observed, LIMITS, name) == (state, [])


@given(observations)
def test_time_makes_progress(rows):
    """A tick when it is due moves the next moment on: the worker never turns in a circle."""
    state = RuleState()
    for observed, name in anything(rows):
        state, _ = step(state, observed, LIMITS, name)
    for _ in range(20):
        due = due_at(state, LIMITS)
        if due is None:
            return
        state, _ = step(state, Tick(due), LIMITS)
        later = due_at(state, LIMITS)
        assert later is None or later > due
    raise AssertionError("time never comes to rest")


@given(rows_of_frames)
def test_every_picture_is_kept_or_released(row):
    state, suspects, released, evidence = RuleState(), set(), set(), set()
    for index, letter in enumerate(row.replace(".", "")):
        at = T0 + timedelta(seconds=5 * index)
        state, events = step(state, frame(letter, index, at), LIMITS, f"n{index}")
        suspects |= kept_frames(state)
        for event in events:
            if isinstance(event, Released):
                released |= set(event.frames)
            elif not isinstance(event, Closed):
                evidence |= set(event.evidence)
    assert evidence.isdisjoint(released)
    assert suspects == released | evidence | kept_frames(state)


@given(st.text(alphabet="FH", max_size=60))
def test_a_visible_face_is_never_reported_as_absent(row):
    assert not [each for each in told(play(row)[1]) if each in ("+ABSENT", "+BLIND", "+MULTIPLE")]


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.MISMATCH])
def test_every_kind_can_happen(kind):
    rows = {"ABSENT": "AAA", "FACE_HIDDEN": "HHH", "MULTIPLE": "MM", "BLIND": "BBB", "FROZEN": "SSSSSS"}
    rows["UNVERIFIABLE"] = "UUU"
    opened = signals((0, "paste"))[0] if kind is Kind.SIGNAL else told(play(rows[kind])[1])
    assert opened[0].startswith(f"+{kind}")
