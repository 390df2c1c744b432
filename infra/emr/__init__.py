"""EMR: what a cluster of campuslake is made of. Terraform and Airflow read the same files."""
