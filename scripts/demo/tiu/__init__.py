"""Seeded item templates of the general intelligence test: every key is computed, never typed in."""
