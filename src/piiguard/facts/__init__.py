"""Tables of platform facts, as data files, and their loaders."""
