"""How wide a text is without a font at hand, and where to break it.

The widths are those of DejaVu Sans, the widest of the usual sans-serif faces: what fits in it fits in Arial, Roboto or
San Francisco as well.
"""

from __future__ import annotations

import re
import unicodedata

# fmt: off
_REGULAR = (
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636,
    636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863,
    748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635,
    615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636,
    337, 636, 838,
)
_BOLD = (
    348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365, 696, 696, 696, 696, 696, 696, 696,
    696, 696, 696, 400, 400, 838, 838, 838, 580, 1000, 774, 762, 734, 830, 683, 683, 821, 837, 372, 372, 775, 637, 995,
    837, 850, 733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838, 500, 500, 675, 716, 593, 716,
    678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687, 716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712,
    365, 712, 838,
)
# fmt: on
"""Widths of U+0020 to U+007E in thousandths of the font size."""
_OTHER = 1200
"""Of any other character: the widest of Latin, Greek, Cyrillic and East Asian letters, and of pictures."""
_PIECES = re.compile(r"\s+|[^\s.\-/_:@]+[.\-/_:@]*|[.\-/_:@]+")


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Width of a line in the unit of `size`; never less than what a usual sans-serif face needs."""
    return sum(_width(character, bold) for character in text) * size / 1000


def wrap(text: str, room: float, size: float, *, bold: bool = False) -> list[str]:
    """Lines that are at most `room` wide: broken at spaces, else after `.-/_:@`, else anywhere. Nothing is cut off."""
    lines = [""]
    for piece in _PIECES.findall(text):
        if width(lines[-1] + piece.rstrip(), size, bold=bold) <= room:
            lines[-1] += piece
        else:
            lines += _cut(piece.strip(), room, size, bold)
    return [line.rstrip() for line in lines if line.strip()] or [""]


def _cut(piece: str, room: float, size: float, bold: bool) -> list[str]:
    """A piece on lines of its own, broken anywhere where it must be."""
    lines = [""]
    for character in piece:
        if lines[-1] and width(lines[-1] + character, size, bold=bold) > room:
            lines.append("")
        lines[-1] += character
    return lines


def _width(character: str, bold: bool) -> int:
    if " " <= character <= "~":
        return (_BOLD if bold else _REGULAR)[ord(character) - ord(" ")]
    return 0 if unicodedata.combining(character) else _OTHER
