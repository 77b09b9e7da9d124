"""The learner's folder and progress."""
