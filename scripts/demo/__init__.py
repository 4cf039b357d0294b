"""The demonstration: its items, participants and vacancies."""
