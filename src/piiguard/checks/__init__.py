"""Checks of Python helpers with libcst: one module per topic, each declaring its `TOPIC`."""
