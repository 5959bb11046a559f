"""Figures that only time can tell: how many contacts a client had each day, and who wants to hear of it by e-mail."""
