mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
}

variables {
  name            = "campuslake"
  region          = "eu-west-1"
  bucket_name     = "lake"
  staging_days    = 30
  noncurrent_days = 7
}

run "closed_and_encrypted" {
  command = plan

  module {
    source = "./modules/storage"
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.lake.block_public_acls,
      aws_s3_bucket_public_access_block.lake.block_public_policy,
      aws_s3_bucket_public_access_block.lake.ignore_public_acls,
      aws_s3_bucket_public_access_block.lake.restrict_public_buckets,
    ])
    error_message = "The bucket may become public."
  }

  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.lake.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms"
    error_message = "Objects are not encrypted with the key."
  }

  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.lake.rule).bucket_key_enabled == false
    error_message = "With a bucket key the key no longer knows which object is read."
  }

  assert {
    condition     = aws_kms_key.lake.enable_key_rotation
    error_message = "The key is not rotated."
  }

  assert {
    condition     = aws_s3_bucket_versioning.lake.versioning_configuration[0].status == "Enabled"
    error_message = "Nothing can be restored."
  }

  assert {
    condition = anytrue([
      for statement in data.aws_iam_policy_document.lake.statement :
      statement.effect == "Deny" && contains(statement.actions, "s3:*") && anytrue([
        for condition in statement.condition : condition.variable == "aws:SecureTransport" && contains(condition.values, "false")
      ])
    ])
    error_message = "The bucket answers without TLS."
  }
}

run "what_is_kept_for_how_long" {
  command = plan

  module {
    source = "./modules/storage"
  }

  assert {
    condition = anytrue([
      for rule in aws_s3_bucket_lifecycle_configuration.lake.rule :
      rule.filter[0].prefix == "stage/run_id=" && try(rule.expiration[0].days == 30, false) && try(rule.noncurrent_version_expiration[0].noncurrent_days == 1, false)
    ])
    error_message = "Staged files are kept for good when runs stop."
  }

  assert {
    condition = alltrue([
      for rule in aws_s3_bucket_lifecycle_configuration.lake.rule :
      contains(["stage/run_id=", "emr/logs/"], rule.filter[0].prefix) || rule.id == "unfinished" || length(rule.expiration) == 0
    ])
    error_message = "S3 ends something that is not a staged run or a log."
  }

  assert {
    condition     = anytrue([for rule in aws_s3_bucket_lifecycle_configuration.lake.rule : try(rule.noncurrent_version_expiration[0].noncurrent_days == 7 && rule.filter[0].prefix == "", false)])
    error_message = "Old versions are kept for good."
  }

  assert {
    condition     = anytrue([for rule in aws_s3_bucket_lifecycle_configuration.lake.rule : try(rule.abort_incomplete_multipart_upload[0].days_after_initiation == 1, false)])
    error_message = "Unfinished uploads are kept for good."
  }
}
