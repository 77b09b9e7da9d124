"""`kata watch`: judges a file whenever it is saved, and only what a save can have changed."""
