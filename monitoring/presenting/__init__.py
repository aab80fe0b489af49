"""What the watch's pages show, as plain values: no database, no clock of its own."""
