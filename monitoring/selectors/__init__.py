"""Reads for the watch's pages. A constant number of queries, whatever the number of rows."""
