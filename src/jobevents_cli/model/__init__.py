"""The values that travel through the program. Pure."""
