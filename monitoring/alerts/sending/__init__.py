"""How what is told leaves the house: one message after the other, whatever the services answer."""
