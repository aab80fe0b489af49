"""The product as a systemd service: its unit, its environment file, and the words to systemd."""
