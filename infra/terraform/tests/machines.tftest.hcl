# ERP and scheduler, and the metastore's database.

mock_provider "aws" {}

variables {
  name              = "campuslake"
  region            = "eu-west-1"
  bucket            = "lake"
  kms_key_arn       = "arn:aws:kms:eu-west-1:123456789012:key/k"
  subnet_id         = "subnet-1"
  subnet_ids        = ["subnet-2", "subnet-3"]
  security_group_id = "sg-1"
  instance_profile  = "campuslake-scheduler"
  instance_type     = "t3.medium"
  ami_id            = "ami-1"
  key_name          = "key"
  with_airflow      = true
  repository_url    = "https://git.example.org/campuslake.git"
  repository_ref    = "main"
  docker_username   = null
  airflow_password  = "a-secret-of-airflow"
  privacy_key       = "a-secret-of-privacy"
  docker_password   = null
  secret_versions   = { airflow_password = 1, privacy_key = 1, docker_password = 1 }
  password          = "a-secret-of-hive"
  password_version  = 1
}

run "scheduler" {
  command = plan

  module {
    source = "./modules/erp_scheduler"
  }

  assert {
    condition     = aws_instance.main.metadata_options[0].http_tokens == "required" && aws_instance.main.metadata_options[0].http_put_response_hop_limit == 1
    error_message = "IMDSv1 answers."
  }

  assert {
    condition     = aws_instance.main.root_block_device[0].encrypted && aws_instance.main.root_block_device[0].kms_key_id == var.kms_key_arn
    error_message = "The volume is not encrypted with the key."
  }

  assert {
    condition     = !strcontains(aws_instance.main.user_data, "a-secret") && length(regexall("(?i)password=|key=", aws_instance.main.user_data)) == 0
    error_message = "User data holds a secret."
  }

  assert {
    condition     = length(aws_secretsmanager_secret.main) == 2 && aws_secretsmanager_secret_version.privacy_key.secret_string == null
    error_message = "A secret would be read into the state."
  }

  assert {
    condition     = alltrue([for secret in aws_secretsmanager_secret.main : secret.kms_key_id == var.kms_key_arn])
    error_message = "A secret is not encrypted with the key."
  }

  assert {
    condition     = aws_cloudwatch_log_group.main.kms_key_id == var.kms_key_arn
    error_message = "Logs are not encrypted with the key."
  }
}

run "small_machine_for_the_erp_alone" {
  command = plan

  module {
    source = "./modules/erp_scheduler"
  }

  variables {
    instance_type = "t2.small"
    with_airflow  = false
  }

  assert {
    condition     = strcontains(aws_instance.main.user_data, "MACHINE_SERVICES=\"campuslake-erp\"")
    error_message = "Airflow is started on a machine too small for it."
  }
}

run "small_machine_is_refused_for_airflow" {
  command = plan

  module {
    source = "./modules/erp_scheduler"
  }

  variables {
    instance_type = "t2.small"
  }

  expect_failures = [aws_instance.main]
}

run "metastore" {
  command = plan

  module {
    source = "./modules/metastore"
  }

  assert {
    condition     = aws_db_instance.metastore.storage_encrypted && !aws_db_instance.metastore.publicly_accessible && aws_db_instance.metastore.deletion_protection
    error_message = "The metastore's database is open, in clear or easily lost."
  }

  assert {
    condition     = aws_db_instance.metastore.password == null
    error_message = "The password would be in the state."
  }

  assert {
    condition     = one(aws_db_parameter_group.tls.parameter).name == "require_secure_transport"
    error_message = "The database answers without TLS."
  }
}
