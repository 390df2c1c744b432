# The database of EMR's Hive metastore. Clusters come and go; which tables there are has to stay.

locals {
  user     = "hive"
  database = "hive"
}

resource "aws_db_subnet_group" "main" {
  name       = "${var.name}-metastore"
  subnet_ids = var.subnet_ids
}

# A password in clear is refused by the server, not only avoided by the client.
resource "aws_db_parameter_group" "tls" {
  name   = "${var.name}-metastore"
  family = "mariadb10.11"

  parameter {
    name  = "require_secure_transport"
    value = "1"
  }
}

resource "aws_db_instance" "metastore" {
  #checkov:skip=CKV_AWS_157:an hour without a metastore delays one night; a second instance doubles its price
  #checkov:skip=CKV_AWS_161:EMR's Hive knows a password, and no tokens
  #checkov:skip=CKV_AWS_118:a database of a few MB, watched by the runs that ask it
  #checkov:skip=CKV_AWS_353:a database of a few MB, watched by the runs that ask it
  #checkov:skip=CKV2_AWS_30:that parameter is PostgreSQL's
  identifier     = "${var.name}-metastore"
  engine         = "mariadb"
  engine_version = "10.11"
  instance_class = "db.t4g.micro"
  db_name        = local.database
  username       = local.user

  # Write-only: neither state nor plan knows it.
  password_wo         = var.password
  password_wo_version = var.password_version

  allocated_storage               = 20
  storage_type                    = "gp3"
  storage_encrypted               = true
  kms_key_id                      = var.kms_key_arn
  db_subnet_group_name            = aws_db_subnet_group.main.name
  vpc_security_group_ids          = [var.security_group_id]
  parameter_group_name            = aws_db_parameter_group.tls.name
  publicly_accessible             = false
  backup_retention_period         = 7
  copy_tags_to_snapshot           = true
  auto_minor_version_upgrade      = true
  deletion_protection             = true
  final_snapshot_identifier       = "${var.name}-metastore-final"
  enabled_cloudwatch_logs_exports = ["error"]
}

resource "aws_secretsmanager_secret" "password" {
  #checkov:skip=CKV2_AWS_57:changed together with the database, by raising its version (docs/operations.md)
  name        = "${var.name}/metastore-password"
  description = "Password of the metastore's database; EMR puts it onto the nodes of a cluster"
  kms_key_id  = var.kms_key_arn
}

resource "aws_secretsmanager_secret_version" "password" {
  secret_id                = aws_secretsmanager_secret.password.id
  secret_string_wo         = var.password
  secret_string_wo_version = var.password_version
}
