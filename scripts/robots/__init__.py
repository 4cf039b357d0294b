"""Simulated candidates over the real protocol, their journal, and the reconciliation of what they were promised."""
