"""Where prices, holdings and fills come from: one adapter a venue, behind the ports of `base`."""
