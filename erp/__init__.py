"""The simulated ERP of the school: its schema, its generator and its loaders."""
