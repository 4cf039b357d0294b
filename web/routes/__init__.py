"""One file per audience. A handler parses, calls one use case, maps, renders."""
