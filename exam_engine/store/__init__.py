"""PostgreSQL stores of the engine; only wiring imports them."""
