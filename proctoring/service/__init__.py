"""Use cases of proctoring: receive, work on, look at, decide. Each takes a unit or a port, plain values and `now`."""
