"""The history as people read it: one timeline of decisions, edits, log-ins, refusals, exports, sends and tokens."""
