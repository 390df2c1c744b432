# People who read the lake with keys of their own, by infra/roles.yml: what is not below their
# prefixes is closed to them twice, by S3 and by the key.

locals {
  roles   = yamldecode(replace(file("${path.module}/../../../roles.yml"), "{schema}", var.schema))
  readers = { for name, role in local.roles : name => role if !try(role.writes, false) }
}

data "aws_iam_policy_document" "reader" {
  for_each = local.readers

  statement {
    actions   = ["s3:GetObject"]
    resources = [for prefix in each.value.reads : "${var.bucket_arn}/${prefix}*"]
  }

  statement {
    actions   = ["s3:ListBucket"]
    resources = [var.bucket_arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = [for prefix in each.value.reads : "${prefix}*"]
    }
  }

  statement {
    sid       = "Key"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]

    condition {
      test     = "StringLike"
      variable = "kms:EncryptionContext:aws:s3:arn"
      values   = [for prefix in each.value.reads : "${var.bucket_arn}/${prefix}*"]
    }
  }
}

resource "aws_iam_policy" "reader" {
  for_each = local.readers

  name        = "${var.name}-${each.key}"
  description = each.value.who
  policy      = data.aws_iam_policy_document.reader[each.key].json
}
