"""Carries requests out in another process, which has limits and ends as a group."""
