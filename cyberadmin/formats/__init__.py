"""How numbers look, where Django does not know it."""
