"""Use cases: one file each, over the ports of ports.py."""
