"""Interchange and sanitising: bytes in, clean content out."""
