"""Where the files for clients who leave lie, sealed."""

from cyberadmin.sync.uploads import Store

STORE = Store("offboarding", unlimited=True)
