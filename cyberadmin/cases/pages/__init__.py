"""The pages about persons and cases; all of them stand outside every client."""
