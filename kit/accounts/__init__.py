"""Staff accounts, their sessions, and the audit trail; each product keeps its own, in its own schema."""
