"""Pure trading logic: no clock, no database, no network; the standard library and itself only."""
