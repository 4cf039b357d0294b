"""Queries of the admin module: one class over one connection, statements in sql/."""
