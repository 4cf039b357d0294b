"""Where a Chromium is looked for, and what is said when there is none."""

import os
import stat

import pytest

from scripts import browser
from scripts.browser import BrowserMissing, launch_options


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "chromium"
    path.write_text("#!/bin/sh\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_the_variable_comes_first(program, monkeypatch, tmp_path):
    monkeypatch.setenv("OMBILIN_CHROMIUM", str(program))
    monkeypatch.setenv("PATH", str(tmp_path / "other"))
    assert launch_options()["executable_path"] == str(program)


def test_then_the_one_on_path(program, monkeypatch):
    monkeypatch.delenv("OMBILIN_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(program.parent))
    assert launch_options()["executable_path"] == str(program)


def test_a_variable_that_names_nothing_is_told(monkeypatch):
    monkeypatch.setenv("OMBILIN_CHROMIUM", "/no/such/program")
    with pytest.raises(BrowserMissing, match="OMBILIN_CHROMIUM names /no/such/program"):
        launch_options()


def test_another_system_is_told_what_to_do(monkeypatch):
    monkeypatch.delenv("OMBILIN_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(browser.sys, "platform", "darwin")
    with pytest.raises(BrowserMissing, match="Install one and name its program in OMBILIN_CHROMIUM"):
        launch_options()


def test_a_browser_that_lacks_a_library_says_which(tmp_path):
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\necho 'libnss3.so: cannot open shared object file' >&2\nexit 127\n")
    broken.chmod(0o755)
    with pytest.raises(BrowserMissing, match=r"(?s)libnss3\.so.*apt install chromium") as told:
        browser._prove(tmp_path)
    assert len(str(told.value).splitlines()) == 2


def test_the_camera_is_granted_and_the_environment_kept(program, monkeypatch, tmp_path):
    monkeypatch.setenv("OMBILIN_CHROMIUM", str(program))
    options = launch_options(tmp_path / "face.mjpeg")
    assert f"--use-file-for-fake-video-capture={tmp_path / 'face.mjpeg'}" in options["args"]
    assert options["env"]["PATH"] == os.environ["PATH"]
    assert not any("fake" in each for each in launch_options()["args"])
