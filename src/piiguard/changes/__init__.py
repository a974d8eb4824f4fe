"""What changes between two states of an app: read both, compare their reports, write what is new and what is gone."""
