"""Models and data that specs work with, by name, offline."""
