"""Contents: scoring by key and by weights, everything that keeps an item from use, clean markup."""

from fractions import Fraction

import msgspec
import pytest

from item_bank.domain.item import ChoiceInteraction, Figure, ItemContent, Option, content_hash, problems
from item_bank.domain.response import BaseType, Cardinality, Mapping, ResponseDeclaration
from item_bank.domain.scoring import score_pci
from item_bank.formats.html import BadDrawing, clean, clean_svg, plain_text


def declared(**more) -> tuple[ResponseDeclaration, ...]:
    return (ResponseDeclaration("RESPONSE", BaseType.IDENTIFIER, Cardinality.SINGLE, **more),)


def item(**changes) -> ItemContent:
    options = tuple(Option(letter, f"option {letter}") for letter in "ABC")
    fields = {
        "language": "id",
        "stem": "Which?",
        "interactions": (ChoiceInteraction("RESPONSE", 1, True, options),),
        "responses": declared(correct={"base": {"identifier": "B"}}),
        "scoring": "match_correct",
    }
    return ItemContent(**(fields | changes))


WEIGHTED = item(responses=declared(mapping=Mapping({"A": "5", "B": "3", "C": "1"})), scoring="map_response")


@pytest.mark.parametrize(("content", "scores"), [(item(), (0, 1, 0)), (WEIGHTED, (5, 3, 1))])
def test_scores(content, scores):
    for letter, points in zip("ABC", scores, strict=True):
        assert score_pci(content, {"base": {"identifier": letter}}) == Fraction(points)
    assert score_pci(content, {"base": None}) == 0


def with_options(*options):
    return item(interactions=(ChoiceInteraction("RESPONSE", 1, True, options),))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (item(), None),
        (WEIGHTED, None),
        (item(stem="  "), "stem is empty"),
        (item(interactions=()), "no interaction"),
        (item(figure=Figure("<svg/>", " ")), "figure has no alternative text"),
        (item(responses=declared()), "key is missing"),
        (item(responses=declared(correct={"base": None})), "key is missing"),
        (item(responses=declared(correct={"base": {"identifier": "Z"}})), "does not exist: Z"),
        (
            item(responses=declared(mapping=Mapping({"A": "1"})), scoring="map_response"),
            "every option needs its points",
        ),
        (item(responses=()), "RESPONSE is not declared"),
        (with_options(Option("B", "x")), "at least two"),
        (with_options(Option("B", "x"), Option("B", "y")), "same identifier"),
        (with_options(Option("A", "x"), Option("B", "x")), "two options are the same"),
        (with_options(Option("A", " "), Option("B", "x")), "option A is empty"),
        (with_options(Option("A", "", Figure("<svg/>", "")), Option("B", "x")), "option A has no alternative text"),
    ],
)
def test_problems(content, told):
    found = problems(content)
    assert found == [] if told is None else any(told in each for each in found)


def test_a_content_survives_storage_and_its_hash_notices_a_change():
    stored = msgspec.convert(msgspec.to_builtins(WEIGHTED), ItemContent)
    assert stored == WEIGHTED
    assert content_hash(stored) == content_hash(WEIGHTED) != content_hash(item())


@pytest.mark.parametrize(
    ("dirty", "cleaned"),
    [
        ("<p>a<script>alert(1)</script></p>", "<p>a</p>"),
        ('<em onclick="x()">a</em>', "<em>a</em>"),
        ('<img src="http://elsewhere/x.png">', ""),
        ('<a href="javascript:x">a</a>', "a"),
        ('<td colspan="2" style="x">a</td>', "a"),
    ],
)
def test_html_is_cleaned(dirty, cleaned):
    assert clean(dirty) == cleaned


def test_drawings_are_rebuilt_from_what_is_allowed():
    dirty = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" onload="x()"><script>x()</script>'
        '<foreignObject/><image href="http://elsewhere"/>'
        '<rect width="3" fill="url(http://elsewhere)" stroke="red"/></svg>'
    )
    made = clean_svg(dirty)
    for word in ("script", "onload", "foreign", "image", "elsewhere"):
        assert word not in made
    assert 'viewBox="0 0 9 9"' in made
    assert 'stroke="red"' in made


@pytest.mark.parametrize(
    "svg",
    ["<svg", "<p/>", '<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>', "<svg>" + " " * 70_000 + "</svg>", ""],
)
def test_what_is_no_drawing_is_refused(svg):
    with pytest.raises(BadDrawing):
        clean_svg(svg)


def test_plain_text():
    assert plain_text("<p>One <em>two</em></p><ul><li>three</li></ul>") == "One two three"
