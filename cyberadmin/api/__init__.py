"""HTTP client for the vendor's API: pure Python on requests, nothing of Django, nothing else of ours.

It knows URLs, authentication, pages, deadlines, sizes and errors. It never retries, never follows a
redirect and never decides what an error means for a change: each error says what is certain
(`errors`), the engine decides.
"""
