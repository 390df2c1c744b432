"""What people read about the marts: the site of the catalog, and the contracts."""
