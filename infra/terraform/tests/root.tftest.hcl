# The whole, put together, and what its variables refuse.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }
}

variables {
  bucket_name        = "lake"
  admin_cidrs        = ["203.0.113.7/32"]
  key_name           = "key"
  key_path           = "key.pem"
  ami_id             = "ami-1"
  repository_url     = "https://git.example.org/campuslake.git"
  alarm_email        = "data@example.org"
  certificates       = "s3://keys/emr/certificates.zip"
  iceberg_jar        = "versions.tf"
  metastore_password = "a-secret-of-hive"
  airflow_password   = "a-secret-of-airflow"
  privacy_key        = "a-secret-of-privacy"
}

run "put_together" {
  command = plan

  assert {
    condition     = output.settings["CAMPUSLAKE_LOCAL_STACK"] == "false" && output.settings["CAMPUSLAKE_THRIFT_PORT"] == "10001" && output.settings["CAMPUSLAKE_THREADS"] == "4"
    error_message = "The runner's settings are not those of AWS."
  }

  assert {
    condition     = output.settings["AWS_DEFAULT_REGION"] == "eu-west-1" && output.settings["AWS_REGION"] == "eu-west-1"
    error_message = "boto, or the SDKs beside it, know no region."
  }

  assert {
    condition     = !contains(keys(output.settings), "CAMPUSLAKE_PRIVACY_KEY") && !contains(keys(output.settings), "CAMPUSLAKE_THRIFT_HOST")
    error_message = "Settings hold a secret, or a host that is not there."
  }

  assert {
    condition     = output.settings["CAMPUSLAKE_AIRFLOW_DAILY"] == "off" && output.settings["CAMPUSLAKE_AIRFLOW_DAILY_EMR"] == "30 3 * * *"
    error_message = "Airflow does not run the night on EMR."
  }

  assert {
    condition     = output.settings["CAMPUSLAKE_AIRFLOW_MAINTENANCE"] == "off"
    error_message = "Every week tables would be looked after on a cluster that is not there."
  }

  assert {
    condition     = toset([for alarm in aws_budgets_budget.month.notification : alarm.notification_type]) == toset(["ACTUAL", "FORECASTED"])
    error_message = "Nobody is told of a dear month."
  }
}

run "a_cluster_that_stays_is_where_runs_go" {
  command = plan

  variables {
    transient = false
  }

  override_module {
    target          = module.emr
    override_during = plan
    outputs         = { place = {}, primary_dns = "primary.internal", cluster_id = "j-1" }
  }

  assert {
    condition     = output.settings["CAMPUSLAKE_THRIFT_HOST"] == "primary.internal" && output.settings["AIRFLOW_VAR_EMR_CLUSTER_ID"] == "j-1"
    error_message = "Runs do not find the cluster that stays."
  }

  assert {
    condition     = !contains(keys(output.settings), "CAMPUSLAKE_AIRFLOW_MAINTENANCE")
    error_message = "Nobody looks after the tables."
  }
}

run "a_repository_without_a_password" {
  command = plan

  variables {
    repository_url = "https://me:token@git.example.org/campuslake.git"
  }

  expect_failures = [var.repository_url]
}

run "the_world_is_no_admin" {
  command = plan

  variables {
    admin_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.admin_cidrs]
}

run "half_the_world_neither" {
  command = plan

  variables {
    admin_cidrs = ["203.0.113.7/32", "0.0.0.0/1", "128.0.0.0/1"]
  }

  expect_failures = [var.admin_cidrs]
}

run "nobody_is_no_admin" {
  command = plan

  variables {
    admin_cidrs = []
  }

  expect_failures = [var.admin_cidrs]
}

run "s3_does_not_end_what_retain_keeps" {
  command = plan

  variables {
    extract_keep_runs = 30
  }

  expect_failures = [var.staging_days]
}
