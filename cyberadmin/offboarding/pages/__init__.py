"""The pages of a client who leaves, and of one who has left."""
