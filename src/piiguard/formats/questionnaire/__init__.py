"""Atlassian's forms (Marketplace tab "Privacy & Security", Forge security questionnaire), filled in from evidence."""

from __future__ import annotations

from piiguard.formats.questionnaire.answers import answer
from piiguard.formats.questionnaire.forms import json, markdown

__all__ = ["answer", "json", "markdown"]
