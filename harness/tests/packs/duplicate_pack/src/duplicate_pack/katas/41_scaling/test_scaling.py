"""Spec of scaling."""
