"""What both HTTP clients share."""
