"""Pages and actions. Each function asks a selector or a service; none decides anything."""
