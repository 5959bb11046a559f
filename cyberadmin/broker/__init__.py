"""The embedded broker: what rings the worker's bell when no Redis is at hand (docs/adr/0003-embedded-broker.md)."""
