"""Use cases of the admin module: each takes one unit (a transaction's store), plain values and `now`."""
