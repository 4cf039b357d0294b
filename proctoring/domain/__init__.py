"""Rules of proctoring: frozen values in, decisions out; no service, no picture library, no clock."""
