"""What a crowd of robots is told to do, and how the robots differ.

Robots are varied on purpose: some work offline for a while and send a heap at once, some send everything twice, some
change their minds, and some go on after the deadline to see that they are refused.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """For one process of robots; times are Unix seconds. Everything random follows from `seed`."""

    base_url: str
    numbers: list[str]
    pin: str
    journal: str
    seed: int
    first: int = 0  # place of the first candidate in the whole crowd
    starts_at: float = 0.0  # T0; log-ins happen before
    log_in_s: float = 1.0  # the log-ins are spread over this time before T0
    storm_s: float = 1.0  # and the starts over this time after it
    think_s: tuple[float, float] = (5.0, 40.0)
    until: Literal["deadline", "stop"] = "deadline"
    sealed: bool = False  # the session has a set time: fetch the sealed form before, ask for its key at T0
    posts: int = 5  # each n-th candidate has no socket; 0: all have one
    varied: bool = True  # offline stretches, repeats, changes of mind, late ones
    offline_s: float = 8.0
    submits: int = 1  # each n-th candidate submits at the end of "stop"
    frames_s: float = 0.0  # a webcam frame this often; 0: no camera
    pictures: list[str] = []  # files for it
    repeat: int = 0  # send each batch so often again
    replay: int = 0  # at the end, send everything so often again, shuffled
    shuffle: bool = False  # send single operations in any order
    race_at: float = 0.0  # a common deadline to race for
    race_sends: int = 0  # messages of each candidate within +-`race_span_s` around it
    race_span_s: float = 0.05


class Temper(msgspec.Struct, frozen=True):
    """How one robot behaves."""

    socket: bool
    offline: bool
    repeats: int
    wavers: bool
    beyond: bool  # goes on after the deadline
    submits: bool


def temper(orders: Orders, place: int) -> Temper:
    """The behaviour of the candidate at `place`."""
    varied = orders.varied
    return Temper(
        socket=orders.posts == 0 or place % orders.posts != orders.posts - 1,
        offline=varied and place % 7 == 3,
        repeats=orders.repeat or int(varied and place % 6 == 1),
        wavers=varied and place % 4 == 2,
        beyond=varied and place % 5 == 0,
        submits=orders.submits > 0 and place % orders.submits == 0,
    )
