"""The admin module: vacancies, applicants, received scores, ranking.

It knows the examination system only by the hand-over contract.
"""
