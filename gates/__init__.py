"""The gates: Great Expectations over the staging zone and over the marts."""
