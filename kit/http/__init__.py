"""Web plumbing of both products: headers, sessions, forms, languages, error pages, the base templates and the style."""
