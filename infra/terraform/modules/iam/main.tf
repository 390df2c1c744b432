data "aws_caller_identity" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id

  # A role is named, or it is made: an existing one has to allow what emr.tf says.
  makes_service_role     = var.emr_service_role == null
  makes_instance_profile = var.emr_instance_profile == null
  service_role           = local.makes_service_role ? aws_iam_role.emr_service[0].name : var.emr_service_role
  instance_profile       = local.makes_instance_profile ? aws_iam_instance_profile.emr[0].name : var.emr_instance_profile
}

# Who may become which role.
data "aws_iam_policy_document" "trust" {
  for_each = toset(["ec2", "elasticmapreduce"])

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["${each.key}.amazonaws.com"]
    }

    dynamic "condition" {
      for_each = each.key == "elasticmapreduce" ? [local.account] : []

      content {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [condition.value]
      }
    }
  }
}

# The platform itself reads and writes the lake, old versions included: erasing deletes them.
data "aws_iam_policy_document" "platform" {
  statement {
    sid = "Objects"
    actions = [
      "s3:GetObject",
      "s3:GetObjectVersion",
      "s3:PutObject",
      "s3:DeleteObject",
      "s3:DeleteObjectVersion",
      "s3:AbortMultipartUpload",
      "s3:ListMultipartUploadParts",
    ]
    resources = ["${var.bucket_arn}/*"]
  }

  # What machines run comes from Terraform: the scheduler's settings, and what nodes run as root.
  statement {
    sid     = "NothingThatIsRun"
    effect  = "Deny"
    actions = ["s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"]
    resources = [
      for key in ["deploy/*", "emr/*.sh", "emr/*.service", "emr/*.jar"] : "${var.bucket_arn}/${key}"
    ]
  }

  statement {
    sid = "Listing"
    actions = [
      "s3:ListBucket",
      "s3:ListBucketVersions",
      "s3:ListBucketMultipartUploads",
      "s3:GetBucketLocation",
    ]
    resources = [var.bucket_arn]
  }

  statement {
    sid       = "Key"
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"]
    resources = [var.kms_key_arn]
  }
}

resource "aws_iam_policy" "platform" {
  name        = "${var.name}-platform"
  description = "Reads and writes the lake"
  policy      = data.aws_iam_policy_document.platform.json
}
