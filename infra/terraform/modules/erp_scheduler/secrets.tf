# Values are written and never read back: not into the state, not into user data.

locals {
  secrets = merge(
    {
      airflow_password = "Password of Airflow's user admin"
      privacy_key      = "CAMPUSLAKE_PRIVACY_KEY: another one makes registry and audit log unreadable"
    },
    var.docker_username == null ? {} : { docker_password = "Password of the container registry" }
  )
}

resource "aws_secretsmanager_secret" "main" {
  for_each = local.secrets

  #checkov:skip=CKV2_AWS_57:the privacy key must never change, the others by docs/operations.md
  name        = "${var.name}/${replace(each.key, "_", "-")}"
  description = each.value
  kms_key_id  = var.kms_key_arn
}

resource "aws_secretsmanager_secret_version" "airflow_password" {
  secret_id                = aws_secretsmanager_secret.main["airflow_password"].id
  secret_string_wo         = var.airflow_password
  secret_string_wo_version = var.secret_versions.airflow_password
}

resource "aws_secretsmanager_secret_version" "privacy_key" {
  secret_id                = aws_secretsmanager_secret.main["privacy_key"].id
  secret_string_wo         = var.privacy_key
  secret_string_wo_version = var.secret_versions.privacy_key
}

resource "aws_secretsmanager_secret_version" "docker_password" {
  count = var.docker_username == null ? 0 : 1

  secret_id                = aws_secretsmanager_secret.main["docker_password"].id
  secret_string_wo         = var.docker_password
  secret_string_wo_version = var.secret_versions.docker_password
}
