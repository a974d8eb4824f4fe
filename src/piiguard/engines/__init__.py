"""OBSERVE: the engines that mark places in the code, each behind one function `run`."""
