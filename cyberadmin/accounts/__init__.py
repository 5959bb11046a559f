"""Client accounts, their encrypted credentials, and which member of staff may do what on which account."""
