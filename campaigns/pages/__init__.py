"""Pages about campaigns (write, check, approve, send) and about mailings (watch, stop, results)."""
