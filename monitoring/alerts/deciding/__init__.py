"""Whether an entry is told, to whom, and why: alarms and what is remembered of them."""
