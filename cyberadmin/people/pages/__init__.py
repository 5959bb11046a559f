"""The pages: `door` and `factor` outside a log-in, `own` about oneself, `staff`, `invitations` and `leaving` about colleagues."""
