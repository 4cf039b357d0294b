"""The web face of the examination system: pages and APIs over the use cases; the only package that joins them."""
