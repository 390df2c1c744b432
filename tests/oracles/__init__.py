"""Every mart a second time, from the ERP's own rows, by code that shares nothing with dbt."""
