"""Candidates for the pictures: some have finished, some are at work before a camera, over the real API.

They are people of the demonstration. Their answers are right or wrong by plan, so that the score board and the ranking
have something to tell; one of them has company and one has left, so that the proctor has something to see.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

import httpx

from kit.errors import Fault
from scripts.camera import People, jpeg, scene
from scripts.commands.demo import demo_participants, demo_secret

HEADERS = {"X-Ombilin-Seat": "1"}
FRAME_WIDTH = 320
FRAME_EVERY_S = 2.0
_CSRF = re.compile(r'name="csrf_token" value="([^"]+)"')
FINISHED = (
    *(0.97, 0.95, 0.93, 0.91, 0.90, 0.88, 0.86, 0.85, 0.83, 0.81),
    *(0.79, 0.77, 0.76, 0.75, 0.73, 0.66, 0.58, 0.52, 0.44),
)
# (share of right answers, answered, who is before the camera, light, room turned around)
AT_WORK: tuple[tuple[float, int, People, float, bool], ...] = (
    (0.9, 74, "one", 0.92, True),
    (0.8, 52, "two", 1.0, False),
    (0.7, 61, "one", 0.8, False),
    (0.6, 33, "none", 1.0, False),
    (0.9, 88, "one", 1.08, True),
)
VACANCY, TRACK = "GRU-01", "general"


class ClassroomFailed(Fault):
    """The demonstration does not let the candidates do what the pictures need."""

    key = "classroom-failed"

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass
class Student:
    """One candidate with a connection of their own."""

    http: httpx.Client
    number: str
    pin: str
    people: People = "one"
    light: float = 1.0
    mirrored: bool = False
    seen: int = 0

    def begin(self) -> dict[str, Any]:
        """Log in, photo, check, start."""
        token = _CSRF.search(self.http.get("/exam/login").text)
        form = {"csrf_token": token[1] if token else "", "number": self.number, "pin": self.pin}
        self._expect(self.http.post("/exam/login", data=form), 303)
        photo = jpeg(scene("one", 1, light=self.light, mirrored=self.mirrored))
        self._expect(self.http.post("/api/seat/photo", content=photo, headers=HEADERS), 200)
        self._expect(self.http.post("/api/seat/check", json={"results": []}, headers=HEADERS), 200)
        started: dict[str, Any] = self._expect(self.http.post("/api/seat/start", json={}, headers=HEADERS), 200).json()
        return started

    def answer(self, started: dict[str, Any], keys: dict[str, list[str]], right: float, count: int) -> None:
        """`keys`: of each item version its options, best first."""
        operations = [
            {
                "seq": place,
                "rev": place,
                "kind": "respond",
                "item": item["ref"],
                "value": {"base": {"identifier": keys[item["ref"]][0 if place * 37 % 100 < right * 100 else -1]}},
                "at": started["state"]["now"],
            }
            for place, item in enumerate(started["items"][:count], start=1)
        ]
        message = {"client": started["attempt"]["id"], "ops": operations}
        self._expect(self.http.post("/api/seat/ops", json=message, headers=HEADERS), 200)

    def show(self) -> None:
        """One frame of the webcam."""
        self.seen += 1
        view = scene(self.people, self.seen, light=self.light, mirrored=self.mirrored)
        content = jpeg(view, width=FRAME_WIDTH)
        at = {"X-Captured-At": str(int(time.time() * 1000))}  # noqa: TID251  # plays a browser's clock
        self._expect(self.http.post("/api/seat/frame", content=content, headers=HEADERS | at), 204)

    def finish(self) -> None:
        """Submit."""
        self._expect(self.http.post("/api/seat/submit", json={}, headers=HEADERS), 200)

    def _expect(self, answer: httpx.Response, status: int) -> httpx.Response:
        if answer.status_code != status:
            raise ClassroomFailed(
                f"{answer.request.url.path} answered {answer.status_code} to candidate {self.number}.\n"
                "-> The pictures need a fresh demonstration: python3 scripts/up.py --reset-demo"
            )
        return answer


def enrolled(url: str, secret_key: str) -> list[Student]:
    """The candidates of one vacancy; the first is left for the browser."""
    return [
        Student(
            httpx.Client(base_url=url, timeout=60, trust_env=False),
            row["number"],
            demo_secret(secret_key, row["number"]),
        )
        for row in demo_participants()
        if (row["vacancy"], row["track"]) == (VACANCY, TRACK)
    ]


def seat(students: list[Student], keys: dict[str, list[str]]) -> list[Student]:
    """Let the first ones finish and the next ones work; returns those at work."""
    for student, right in zip(students, FINISHED, strict=False):
        started = student.begin()
        student.answer(started, keys, right, len(started["items"]))
        student.finish()
    working = students[len(FINISHED) : len(FINISHED) + len(AT_WORK)]
    for student, (right, count, people, light, mirrored) in zip(working, AT_WORK, strict=True):
        student.people, student.light, student.mirrored = people, light, mirrored
        student.answer(student.begin(), keys, right, count)
    return working
