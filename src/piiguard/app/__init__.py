"""READ: from a folder to the Forge apps in it, with what could not be read."""

from piiguard.app.reader import read
from piiguard.app.skips import INCLUDABLE, SKIP_RULES

__all__ = ["INCLUDABLE", "SKIP_RULES", "read"]
