# EMR's own role, which makes machines, and the role of those machines.

resource "aws_iam_role" "emr_service" {
  count = local.makes_service_role ? 1 : 0

  name               = "${var.name}-emr-service"
  assume_role_policy = data.aws_iam_policy_document.trust["elasticmapreduce"].json
}

# AWS's own: it makes machines only in subnets and groups that bear EMR's tag.
resource "aws_iam_role_policy_attachment" "emr_service" {
  count = local.makes_service_role ? 1 : 0

  role       = aws_iam_role.emr_service[0].name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonEMRServicePolicy_v2"
}

data "aws_iam_policy_document" "emr_service" {
  statement {
    sid       = "HandsRoleToMachines"
    actions   = ["iam:PassRole"]
    resources = ["arn:aws:iam::${local.account}:role/${var.name}-emr-machine"]

    condition {
      test     = "StringLike"
      variable = "iam:PassedToService"
      values   = ["ec2.amazonaws.com*"]
    }
  }

  statement {
    sid       = "MetastorePassword"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [var.metastore_secret_arn]
  }

  statement {
    sid       = "SecretsAndVolumes"
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"]
    resources = [var.kms_key_arn]
  }

  statement {
    sid       = "Volumes"
    actions   = ["kms:CreateGrant"]
    resources = [var.kms_key_arn]

    condition {
      test     = "Bool"
      variable = "kms:GrantIsForAWSResource"
      values   = ["true"]
    }
  }
}

resource "aws_iam_role_policy" "emr_service" {
  count = local.makes_service_role ? 1 : 0

  name   = "campuslake"
  role   = aws_iam_role.emr_service[0].id
  policy = data.aws_iam_policy_document.emr_service.json
}

resource "aws_iam_role" "emr_machine" {
  count = local.makes_instance_profile ? 1 : 0

  name               = "${var.name}-emr-machine"
  assume_role_policy = data.aws_iam_policy_document.trust["ec2"].json
}

resource "aws_iam_role_policy_attachment" "emr_machine" {
  count = local.makes_instance_profile ? 1 : 0

  role       = aws_iam_role.emr_machine[0].name
  policy_arn = aws_iam_policy.platform.arn
}

data "aws_iam_policy_document" "emr_machine" {
  statement {
    sid       = "Certificates"
    actions   = ["s3:GetObject"]
    resources = ["arn:aws:s3:::${trimprefix(var.certificates, "s3://")}"]
  }
}

resource "aws_iam_role_policy" "emr_machine" {
  count = local.makes_instance_profile ? 1 : 0

  name   = "campuslake"
  role   = aws_iam_role.emr_machine[0].id
  policy = data.aws_iam_policy_document.emr_machine.json
}

resource "aws_iam_instance_profile" "emr" {
  count = local.makes_instance_profile ? 1 : 0

  name = "${var.name}-emr-machine"
  role = aws_iam_role.emr_machine[0].name
}
