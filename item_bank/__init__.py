"""The item bank: items with immutable versions and review states, blueprints, forms."""
