"""Runs specs against implementations."""
