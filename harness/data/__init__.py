"""Plain data: what it is, and how it is copied, compared, written down as text and encoded."""
