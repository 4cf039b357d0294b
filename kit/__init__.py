"""Plumbing without exam vocabulary: settings, PostgreSQL, errors, signing, hand-over record, shared web plumbing.

Imports none of our other packages, so that the admin module can stand on it alone.
"""
