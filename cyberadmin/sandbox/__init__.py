"""Stand-in for the vendor's API: its own process, its own store, nothing shared with the product.

Run it with ``python -m cyberadmin.sandbox --port 0 --data vendor.sqlite3 --seed demo``.
"""
