"""How good the screen is, measured on labelled headlines and on hostile ones."""
