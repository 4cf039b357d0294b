"""Items, responses, scoring, blueprints, draws: values and rules."""
