"""Requests of persons: to be unsubscribed, and the rights that Quebec's Law 25 gives them, client by client."""
