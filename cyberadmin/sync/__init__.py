"""The engine: changes on their way to the vendor, pulls on their way to the mirror. It knows no resource by name."""
