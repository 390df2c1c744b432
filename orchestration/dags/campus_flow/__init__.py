"""What the DAGs are made of. It runs in Airflow's environment and calls campuslake's commands."""
