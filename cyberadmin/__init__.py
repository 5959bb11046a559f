"""cyberadmin: an agency's console over the Cyberimpact accounts of its clients."""
