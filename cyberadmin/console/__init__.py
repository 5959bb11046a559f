"""What spans clients: the shell of every page, the list of clients, a client's own page, errors and translations."""
