"""Campaigns and mailings: one communication, in French, English or both, to groups of one account."""
