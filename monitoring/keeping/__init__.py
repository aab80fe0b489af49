"""Copies of an installation, their return, and the passage from one release to the next."""
