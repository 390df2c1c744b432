"""Personal data: what is held and why, what flows where, who it is about."""
