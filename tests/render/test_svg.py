"""Terminal text as an SVG picture."""

from xml.etree import ElementTree as ET

from jobevents_cli.render.svg import svg


def _texts(picture: str) -> list[str]:
    root = ET.fromstring(picture)
    return [
        "".join(element.itertext()).replace("\xa0", " ") for element in root.iter("{http://www.w3.org/2000/svg}text")
    ]


def test_the_picture_is_xml_with_the_texts() -> None:
    """Title and text are in the picture as they were, whatever XML means by their characters."""
    texts = _texts(svg("a <b> & c\n✔ done", "jobs <1> & 2", 40))
    assert "jobs <1> & 2" in texts
    assert "a <b> & c" in texts
    assert "✔ done" in texts


def test_codes_become_styles() -> None:
    """The codes for bold are no text of the picture, but a style of its own."""
    plain, bold = (svg(text, "t", 20) for text in ("failed", "\x1b[1mfailed\x1b[0m"))
    assert "\x1b" not in bold
    assert "failed" in _texts(bold)
    assert bold.count("font-weight: bold") > plain.count("font-weight: bold")


def test_long_lines_are_broken() -> None:
    """A line wider than the terminal continues on the next row of the picture."""
    texts = _texts(svg("word one word two", "t", 10))
    assert "word one word two" not in texts
    assert "word one" in [text.strip() for text in texts]
