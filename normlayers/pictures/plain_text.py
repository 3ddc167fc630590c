"""Names that others have chosen, as text that matplotlib can draw."""

from __future__ import annotations

from matplotlib import rcParams
from matplotlib.font_manager import FontProperties, findfont, get_font

# What stands for a character that no font has.
MISSING = "\N{WHITE SQUARE}"


def plain(text: str) -> str:
    """Text in which dollars begin no mathematics, and each character is in a font of the pictures.

    A character that none has, such as a Chinese one with matplotlib's own fonts, is a square;
    ``matplotlib.rcParams["font.family"]`` may name a font that has it.

    Example:
        >>> plain("h_{$"), plain("ä")
        ('h_{\\\\$', 'ä')
    """
    text = text.replace("$", r"\$")
    if text.isascii():
        return text
    fonts = []
    for family in rcParams["font.family"]:
        try:
            path = findfont(FontProperties(family=[family]), fallback_to_default=False)
        except ValueError:  # it is not installed
            continue
        fonts.append(get_font(path))
    fonts = fonts or [get_font(findfont(FontProperties()))]
    return "".join(
        c if any(font.get_char_index(ord(c)) for font in fonts) else MISSING for c in text
    )
