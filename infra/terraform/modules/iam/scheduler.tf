# The machine of ERP and scheduler: runs the platform, asks EMR for clusters, reads its secrets.

resource "aws_iam_role" "scheduler" {
  name               = "${var.name}-scheduler"
  assume_role_policy = data.aws_iam_policy_document.trust["ec2"].json
}

resource "aws_iam_instance_profile" "scheduler" {
  name = "${var.name}-scheduler"
  role = aws_iam_role.scheduler.name
}

resource "aws_iam_role_policy_attachment" "scheduler" {
  role       = aws_iam_role.scheduler.name
  policy_arn = aws_iam_policy.platform.arn
}

data "aws_iam_policy_document" "scheduler" {
  # There is no cluster yet: AWS knows no resource of this action, and the tag is what binds it.
  statement {
    sid       = "AsksForClusters"
    actions   = ["elasticmapreduce:RunJobFlow"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "elasticmapreduce:RequestTag/project"
      values   = [var.name]
    }
  }

  statement {
    sid       = "TagsClusters"
    actions   = ["elasticmapreduce:AddTags"]
    resources = ["arn:aws:elasticmapreduce:${var.region}:${local.account}:cluster/*"]

    condition {
      test     = "StringEquals"
      variable = "elasticmapreduce:RequestTag/project"
      values   = [var.name]
    }
  }

  # A request for a cluster says how it grows and ends, before the cluster has a tag.
  statement {
    sid = "SaysHowClustersGrowAndEnd"
    actions = [
      "elasticmapreduce:GetAutoTerminationPolicy",
      "elasticmapreduce:PutAutoTerminationPolicy",
      "elasticmapreduce:PutManagedScalingPolicy",
    ]
    resources = ["arn:aws:elasticmapreduce:${var.region}:${local.account}:cluster/*"]
  }

  statement {
    sid = "WatchesAndEndsItsClusters"
    actions = [
      "elasticmapreduce:DescribeCluster",
      "elasticmapreduce:DescribeStep",
      "elasticmapreduce:ListSteps",
      "elasticmapreduce:ListInstances",
      "elasticmapreduce:ListInstanceGroups",
      "elasticmapreduce:AddJobFlowSteps",
      "elasticmapreduce:TerminateJobFlows",
    ]
    resources = ["arn:aws:elasticmapreduce:${var.region}:${local.account}:cluster/*"]

    condition {
      test     = "StringEquals"
      variable = "elasticmapreduce:ResourceTag/project"
      values   = [var.name]
    }
  }

  # Airflow finds a forgotten cluster by its name. AWS knows no narrower resource of this action.
  statement {
    sid       = "FindsClusters"
    actions   = ["elasticmapreduce:ListClusters"]
    resources = ["*"]
  }

  statement {
    sid     = "HandsRolesToEmr"
    actions = ["iam:PassRole"]
    resources = [
      "arn:aws:iam::${local.account}:role/${local.service_role}",
      "arn:aws:iam::${local.account}:role/${local.makes_instance_profile ? aws_iam_role.emr_machine[0].name : var.emr_instance_profile}",
    ]

    condition {
      test     = "StringLike"
      variable = "iam:PassedToService"
      values   = ["elasticmapreduce.amazonaws.com", "ec2.amazonaws.com*"]
    }
  }

  # The project itself, where it is not cloned but lies in a bucket.
  dynamic "statement" {
    for_each = var.bundle_arn == null ? [] : [var.bundle_arn]

    content {
      sid       = "Project"
      actions   = ["s3:GetObject"]
      resources = [statement.value]
    }
  }

  statement {
    sid       = "Secrets"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = var.secret_arns
  }

  statement {
    sid       = "Logs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
    resources = [var.log_group_arn, "${var.log_group_arn}:*"]
  }
}

resource "aws_iam_role_policy" "scheduler" {
  name   = "campuslake"
  role   = aws_iam_role.scheduler.id
  policy = data.aws_iam_policy_document.scheduler.json
}
