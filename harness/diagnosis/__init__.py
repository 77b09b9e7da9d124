"""Which known mistake a wrong answer makes, or what it resembles."""
