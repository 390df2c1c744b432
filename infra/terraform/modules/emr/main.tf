# What every cluster needs, whoever asks for it. infra/emr/cluster.py asks for the same thing as
# cluster.tf; a test compares them.

locals {
  source  = "${path.module}/../../../emr"
  cluster = jsondecode(file("${local.source}/cluster.json"))
  size    = local.cluster.sizes[var.size]
  core    = try(local.size.core, null)
  task    = try(local.size.task, null)
  prices  = jsondecode(file("${path.module}/../../../prices.json"))

  lock        = file("${path.module}/../../../../requirements/jars.txt")
  iceberg     = regex("(?m)^([0-9a-f]{64})  (\\S*iceberg-spark-runtime\\S*)$", local.lock)
  iceberg_jar = coalesce(var.iceberg_jar, "${path.module}/../../../../.campuslake/jars/${local.iceberg[1]}")

  place = {
    name                   = var.name
    bucket                 = var.bucket
    subnet_id              = var.subnet_id
    service_role           = var.service_role
    instance_profile       = var.instance_profile
    primary_security_group = var.primary_security_group
    core_security_group    = var.core_security_group
    security_configuration = aws_emr_security_configuration.main.name
    metastore_url          = var.metastore.url
    metastore_user         = var.metastore.user
    metastore_secret       = var.metastore.secret_arn
    key_name               = var.key_name
    tags                   = var.tags
  }
}

resource "aws_s3_object" "script" {
  for_each = toset(["bootstrap.sh", "thrift_server.sh", "campuslake-thrift.service"])

  bucket      = var.bucket
  key         = "emr/${each.key}"
  source      = "${local.source}/${each.key}"
  source_hash = filemd5("${local.source}/${each.key}")
  kms_key_id  = var.kms_key_arn
}

# Every node compares it with the lock file's hash again.
resource "aws_s3_object" "iceberg" {
  bucket      = var.bucket
  key         = "emr/${local.iceberg[1]}"
  source      = local.iceberg_jar
  source_hash = local.iceberg[0]
  kms_key_id  = var.kms_key_arn

  lifecycle {
    precondition {
      condition     = fileexists(local.iceberg_jar)
      error_message = "There is no ${local.iceberg_jar}: `make up` fetches it, or name another iceberg_jar."
    }
  }
}

resource "aws_emr_security_configuration" "main" {
  name = var.name

  configuration = jsonencode({
    EncryptionConfiguration = {
      EnableAtRestEncryption    = true
      EnableInTransitEncryption = true

      AtRestEncryptionConfiguration = {
        S3EncryptionConfiguration = {
          EncryptionMode = "SSE-KMS"
          AwsKmsKey      = var.kms_key_arn
        }
        LocalDiskEncryptionConfiguration = {
          EncryptionKeyProviderType = "AwsKms"
          AwsKmsKey                 = var.kms_key_arn
          EnableEbsEncryption       = true
        }
      }

      InTransitEncryptionConfiguration = {
        TLSCertificateConfiguration = {
          CertificateProviderType = "PEM"
          S3Object                = var.certificates
        }
      }
    }

    InstanceMetadataServiceConfiguration = {
      MinimumInstanceMetadataServiceVersion = 2
      HttpPutResponseHopLimit               = 1
    }
  })
}
