"""The examination engine: attempts, time, answers, scores. It meets items through the bank's domain and services."""
