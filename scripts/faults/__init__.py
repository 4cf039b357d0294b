"""Faults on purpose: a system of its own is broken while robots take an exam, and every promise is counted after."""
