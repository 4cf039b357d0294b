"""PostgreSQL and Redis behind the ports of `proctoring.service`; only wiring imports them."""
