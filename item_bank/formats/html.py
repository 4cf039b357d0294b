"""Sanitising: the markup that an item may carry, and nothing else.

HTML goes through nh3 with allow-lists of our own (its defaults keep remote pictures). A drawing is rebuilt from an
allow-list of SVG elements and attributes, and reaches a browser only as a data: address in an <img>, where no script
could run even if one came through.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import ClassVar
from xml.etree import ElementTree as ET

import nh3

from kit.errors import Invalid

TAGS = {
    "p",
    "br",
    "em",
    "strong",
    "b",
    "i",
    "u",
    "s",
    "sub",
    "sup",
    "ul",
    "ol",
    "li",
    "blockquote",
    "span",
    "code",
    "pre",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "caption",
    "hr",
    "dl",
    "dt",
    "dd",
}
ATTRIBUTES = {"th": {"scope", "colspan", "rowspan"}, "td": {"colspan", "rowspan"}, "ol": {"start", "type"}}
SVG = "http://www.w3.org/2000/svg"
SVG_LIMIT = 64 * 1024
SVG_TAGS = {
    "svg",
    "g",
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "text",
    "tspan",
    "title",
    "desc",
    "defs",
    "clipPath",
    "linearGradient",
    "stop",
}
SVG_ATTRIBUTES = {
    "viewBox",
    "width",
    "height",
    "x",
    "y",
    "x1",
    "y1",
    "x2",
    "y2",
    "cx",
    "cy",
    "r",
    "rx",
    "ry",
    "d",
    "points",
    "transform",
    "fill",
    "fill-opacity",
    "fill-rule",
    "stroke",
    "stroke-width",
    "stroke-linecap",
    "stroke-linejoin",
    "stroke-dasharray",
    "stroke-opacity",
    "opacity",
    "font-size",
    "font-family",
    "font-weight",
    "text-anchor",
    "dominant-baseline",
    "id",
    "clip-path",
    "offset",
    "stop-color",
    "preserveAspectRatio",
    "dx",
    "dy",
}
_REFERENCE = re.compile(r"url\(\s*['\"]?(?!#)", re.IGNORECASE)


@dataclass(eq=False)
class BadDrawing(Invalid):
    """`problem` says what of the SVG cannot be used."""

    problem: str
    key: ClassVar[str] = "bad-drawing"


def clean(html: str) -> str:
    """The allowed part of an HTML fragment."""
    return nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, link_rel=None, url_schemes=set())


def clean_svg(svg: str) -> str:
    """The allowed part of a drawing; raises `BadDrawing` where it is no drawing at all."""
    if len(svg.encode()) > SVG_LIMIT:
        raise BadDrawing(f"the drawing is over {SVG_LIMIT // 1024} kB")
    if "<!" in svg.replace("<!--", ""):
        raise BadDrawing("a document type or entity is not allowed")
    try:
        root = ET.fromstring(svg)  # noqa: S314  # document types, and so entities, were refused above
    except ET.ParseError as error:
        raise BadDrawing(f"not well-formed: {error}") from error
    if root.tag not in (f"{{{SVG}}}svg", "svg"):
        raise BadDrawing("the root element is not svg")
    ET.register_namespace("", SVG)
    return ET.tostring(_rebuilt(root), encoding="unicode")


def _rebuilt(element: ET.Element) -> ET.Element:
    name = element.tag.removeprefix(f"{{{SVG}}}")
    fresh = ET.Element(f"{{{SVG}}}{name}")
    for key, value in element.attrib.items():
        if key in SVG_ATTRIBUTES and not _REFERENCE.search(value):
            fresh.set(key, value)
    fresh.text, fresh.tail = element.text, element.tail
    for child in element:
        # comments and processing instructions have a function as their tag
        if str(child.tag).removeprefix(f"{{{SVG}}}") in SVG_TAGS:
            fresh.append(_rebuilt(child))
    return fresh


def data_uri(svg: str) -> str:
    """The drawing as an address for <img>."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def plain_text(html: str) -> str:
    """The words of a fragment, for search and lists."""
    return " ".join(nh3.clean(re.sub(r"<(p|br|li|td)\b", r" <\1", html), tags=set()).split())
