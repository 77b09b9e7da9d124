"""Runs specs under pytest and folds what the tests found out into verdicts."""
