"""Pages and the inbox of the admin module: each handler parses, calls one use case, maps, renders."""
