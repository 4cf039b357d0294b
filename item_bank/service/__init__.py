"""Use cases of the bank."""
