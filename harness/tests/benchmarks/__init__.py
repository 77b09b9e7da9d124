"""Measurements, each with a ratio against something named, medians of several runs: `nox -s bench`.

A benchmark is no test: it asserts nothing about time, and prints a table beside the bar that the project sets itself.
"""
