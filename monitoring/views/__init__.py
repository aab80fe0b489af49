"""Pages of the watch. Each function asks a selector or a service; none decides anything."""
