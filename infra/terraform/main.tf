locals {
  # Policies know clusters by their project.
  tags = merge({ managed-by = "terraform" }, var.tags, { project = var.name })

  # The managed policy of EMR's service role acts on what bears this tag and on nothing else.
  emr_tag = { "for-use-with-amazon-emr-managed-policies" = "true" }

  cluster     = jsondecode(file("${path.module}/../emr/cluster.json"))
  thrift_port = local.cluster.thrift_port
}

module "network" {
  source = "./modules/network"

  name            = var.name
  region          = var.region
  vpc_cidr        = var.vpc_cidr
  public_cidr     = var.public_cidr
  private_cidrs   = var.private_cidrs
  admin_cidrs     = var.admin_cidrs
  erp             = var.erp
  logs_bucket_arn = module.storage.logs_bucket_arn
  thrift_port     = local.thrift_port
  emr_tag         = local.emr_tag
}

module "storage" {
  source = "./modules/storage"

  name            = var.name
  region          = var.region
  bucket_name     = var.bucket_name
  staging_days    = var.staging_days
  noncurrent_days = var.noncurrent_days
}

module "metastore" {
  source = "./modules/metastore"

  name              = var.name
  subnet_ids        = module.network.private_subnet_ids
  security_group_id = module.network.metastore_security_group_id
  kms_key_arn       = module.storage.kms_key_arn
  password          = var.metastore_password
  password_version  = var.secret_versions.metastore_password
}

module "iam" {
  source = "./modules/iam"

  name                 = var.name
  region               = var.region
  bucket               = module.storage.bucket
  bucket_arn           = module.storage.bucket_arn
  kms_key_arn          = module.storage.kms_key_arn
  schema               = var.schema
  certificates         = var.certificates
  metastore_secret_arn = module.metastore.secret_arn
  secret_arns          = module.erp_scheduler.secret_arns
  log_group_arn        = module.erp_scheduler.log_group_arn
  emr_service_role     = var.emr_service_role
  emr_instance_profile = var.emr_instance_profile
  emr_tag              = local.emr_tag
  bundle_arn           = startswith(var.repository_url, "s3://") ? "arn:aws:s3:::${trimprefix(var.repository_url, "s3://")}" : null
}

module "emr" {
  source = "./modules/emr"

  name                   = var.name
  bucket                 = module.storage.bucket
  kms_key_arn            = module.storage.kms_key_arn
  subnet_id              = module.network.public_subnet_id
  primary_security_group = module.network.emr_primary_security_group_id
  core_security_group    = module.network.emr_core_security_group_id
  service_role           = module.iam.emr_service_role
  instance_profile       = module.iam.emr_instance_profile
  metastore              = module.metastore
  certificates           = var.certificates
  iceberg_jar            = var.iceberg_jar
  key_name               = var.key_name
  transient              = var.transient
  size                   = var.emr_size
  release                = var.emr_release
  primary_instance_type  = var.emr_primary_instance_type
  core_instance_type     = var.emr_core_instance_type
  tags                   = merge(local.tags, local.emr_tag)
}

module "erp_scheduler" {
  source = "./modules/erp_scheduler"

  name              = var.name
  region            = var.region
  bucket            = var.bucket_name
  kms_key_arn       = module.storage.kms_key_arn
  subnet_id         = module.network.public_subnet_id
  security_group_id = module.network.scheduler_security_group_id
  instance_profile  = module.iam.scheduler_instance_profile
  instance_type     = var.scheduler_instance_type
  ami_id            = var.ami_id
  key_name          = var.key_name
  with_airflow      = var.with_airflow
  repository_url    = var.repository_url
  repository_ref    = var.repository_ref
  docker_username   = var.docker_username
  airflow_password  = var.airflow_password
  privacy_key       = var.privacy_key
  docker_password   = var.docker_password
  secret_versions   = var.secret_versions
}

# What the scheduler reads at each start of a service (infra/ec2/with_settings).

resource "aws_s3_object" "settings" {
  bucket       = module.storage.bucket
  key          = "deploy/settings.env"
  content      = join("", [for name, value in local.settings : "${name}=${value}\n"])
  content_type = "text/plain"
  kms_key_id   = module.storage.kms_key_arn
}

resource "aws_s3_object" "emr_place" {
  bucket       = module.storage.bucket
  key          = "deploy/emr_place.json"
  content      = jsonencode(module.emr.place)
  content_type = "application/json"
  kms_key_id   = module.storage.kms_key_arn
}

resource "aws_budgets_budget" "month" {
  name         = var.name
  budget_type  = "COST"
  limit_amount = tostring(var.monthly_budget)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  dynamic "notification" {
    for_each = { ACTUAL = 80, FORECASTED = 100 }

    content {
      notification_type          = notification.key
      threshold                  = notification.value
      threshold_type             = "PERCENTAGE"
      comparison_operator        = "GREATER_THAN"
      subscriber_email_addresses = [var.alarm_email]
    }
  }
}
