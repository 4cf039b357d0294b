"""`ombilin bench`: the figures tell the truth about goals and ratios, and the load understands answers in pieces."""

import asyncio

import pytest

from scripts.bench.delivery import Figure
from scripts.bench.load import Line, Load, Run, Target


@pytest.mark.parametrize(
    ("value", "bound", "goal", "naive", "ratio", "holds"),
    [
        (9000, ">=", 9000, 900, 10.0, True),
        (8999, ">=", 9000, None, None, False),
        (25, "<=", 25, 250, 10.0, True),
        (25.1, "<=", 25, 0, None, False),
        (0, "<=", 25, 100, None, True),
    ],
)
def test_a_figure_against_its_goal_and_the_naive_design(value, bound, goal, naive, ratio, holds):
    figure = Figure("figure", value, "ms", bound, goal, naive)
    assert (figure.ratio, figure.holds) == (ratio, holds)


class Wire(asyncio.Transport):
    def __init__(self):
        super().__init__()
        self.sent = []

    def write(self, data):
        self.sent.append(bytes(data))


def line_of(kind):
    load = Load(1, kind, "/p", (), 1.0, 1.0)
    line = Line(Run(load), Target("c=1", (("i", "A"),)))
    line.connection_made(Wire())
    return line


GOOD = b'{"acked":1,"verdicts":[]}'


def answer(status, body):
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


@pytest.mark.parametrize(
    ("raw", "answered", "failed"),
    [
        (answer(200, GOOD), 1, 0),
        (answer(503, b"{}"), 0, 1),
        (answer(200, b'{"acked":1,"verdicts":[{"seq":1}]}'), 0, 1),
    ],
)
async def test_an_http_answer_in_any_pieces(raw, answered, failed):
    for cut in (0, 5, len(raw) - 3):
        line = line_of("http")
        line._run.going = False
        line.ask(0.0)
        for piece in (raw[:cut], raw[cut:]):
            line.data_received(piece)
        assert (len(line._run.delays), line._run.failed) == (answered, failed)


async def test_a_socket_answers_pings_and_takes_acknowledgements():
    line = line_of("socket")
    line._run.going = False
    line.data_received(b"HTTP/1.1 101 X\r\n\r\n\x89\x01!")
    await line.open
    line.ask(0.0)
    ack = b'{"ack":' + GOOD + b"}"
    frame = bytes([0x81, len(ack)]) + ack
    line.data_received(frame[:4])
    line.data_received(frame[4:])
    assert line._transport.sent[1] == b"\x8a\x81\x00\x00\x00\x00!"
    assert len(line._run.delays) == 1


async def test_a_line_that_is_lost_with_a_question_open_is_a_failure():
    line = line_of("http")
    line.ask(0.0)
    line.connection_lost(None)
    assert line._run.failed == 1
