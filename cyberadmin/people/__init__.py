"""The people of the agency: log-in, second factor, sessions, invitations, roles, and leaving."""
