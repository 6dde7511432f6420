"""What README's picture, the man pages and the completion scripts are made from, and with."""
