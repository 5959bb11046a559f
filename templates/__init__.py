"""Reserved for the mirror of e-mail templates. Page templates live inside each app, never here."""
