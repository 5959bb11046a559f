"""E-mail templates of a client, and how any HTML body is shown safely. Page templates live inside each app, never here."""
