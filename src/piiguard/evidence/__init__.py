"""EVIDENCE: a report and what it rests on, as a bundle of files that somebody else can check (docs/evidence.md)."""
