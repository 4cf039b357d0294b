"""Rules of an attempt as values and functions: no clock, no chance, no store."""
