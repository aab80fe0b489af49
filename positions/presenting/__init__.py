"""Rows to what a person reads, in one place: the pages' first rendering and the socket use it both.

Pure: no database, no clock, no request; only gettext and `positions.domain`.
"""
