mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  }

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
}

variables {
  name                 = "campuslake"
  region               = "eu-west-1"
  bucket               = "lake"
  bucket_arn           = "arn:aws:s3:::lake"
  kms_key_arn          = "arn:aws:kms:eu-west-1:123456789012:key/k"
  schema               = "campus"
  certificates         = "s3://keys/emr/certificates.zip"
  metastore_secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:campuslake/metastore-password"
  secret_arns          = ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:campuslake/privacy-key"]
  log_group_arn        = "arn:aws:logs:eu-west-1:123456789012:log-group:/campuslake/scheduler"
  emr_service_role     = null
  emr_instance_profile = null
  emr_tag              = {}
}

run "least_privilege" {
  command = plan

  module {
    source = "./modules/iam"
  }

  assert {
    condition = alltrue([
      for statement in concat(
        data.aws_iam_policy_document.platform.statement,
        data.aws_iam_policy_document.scheduler.statement,
        data.aws_iam_policy_document.emr_service.statement,
        data.aws_iam_policy_document.emr_machine.statement,
        flatten([for document in data.aws_iam_policy_document.reader : document.statement]),
      ) :
      (statement.sid == "FindsClusters" || statement.sid == "AsksForClusters" || !contains(statement.resources, "*")) && alltrue([for action in statement.actions : !strcontains(action, "*")])
    ])
    error_message = "An action or a resource is not named."
  }

  assert {
    condition = alltrue([
      for statement in data.aws_iam_policy_document.scheduler.statement :
      statement.sid != "FindsClusters" || statement.actions == toset(["elasticmapreduce:ListClusters"])
    ])
    error_message = "More than looking for clusters is allowed on everything."
  }

  assert {
    condition = [
      for statement in data.aws_iam_policy_document.scheduler.statement :
      [statement.actions, statement.resources, one(statement.condition).test, one(statement.condition).variable, one(statement.condition).values]
      if statement.sid == "AsksForClusters"
    ] == [[toset(["elasticmapreduce:RunJobFlow"]), toset(["*"]), "StringEquals", "elasticmapreduce:RequestTag/project", tolist(["campuslake"])]]
    error_message = "The scheduler may not ask for clusters, or for other ones than the project's."
  }

  assert {
    condition = length(setsubtract(
      ["elasticmapreduce:PutAutoTerminationPolicy", "elasticmapreduce:PutManagedScalingPolicy"],
      flatten([for statement in data.aws_iam_policy_document.scheduler.statement : tolist(statement.actions)])
    )) == 0
    error_message = "The scheduler may not say how the clusters that it asks for grow and end."
  }

  assert {
    condition = alltrue([
      for statement in data.aws_iam_policy_document.scheduler.statement :
      !contains(statement.actions, "iam:PassRole") || anytrue([for condition in statement.condition : condition.variable == "iam:PassedToService"])
    ])
    error_message = "The scheduler may hand roles to whatever it likes."
  }
}

run "machines_do_not_write_what_they_run" {
  command = plan

  module {
    source = "./modules/iam"
  }

  assert {
    condition = [
      for statement in data.aws_iam_policy_document.platform.statement : [statement.actions, statement.resources]
      if statement.effect == "Deny"
      ] == [[
        toset(["s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"]),
        toset(["arn:aws:s3:::lake/deploy/*", "arn:aws:s3:::lake/emr/*.sh", "arn:aws:s3:::lake/emr/*.service", "arn:aws:s3:::lake/emr/*.jar"]),
    ]]
    error_message = "A node may write what the scheduler, or the next cluster, runs."
  }
}

run "readers_by_prefix" {
  command = plan

  module {
    source = "./modules/iam"
  }

  assert {
    condition     = keys(data.aws_iam_policy_document.reader) == ["analyst", "staff"]
    error_message = "The readers are not those of infra/roles.yml."
  }

  assert {
    condition     = data.aws_iam_policy_document.reader["analyst"].statement[0].resources == toset(["arn:aws:s3:::lake/warehouse/campus_marts.db/*"])
    error_message = "An analyst reads something else than the marts."
  }

  assert {
    condition     = one(data.aws_iam_policy_document.reader["analyst"].statement[2].condition).values == tolist(["arn:aws:s3:::lake/warehouse/campus_marts.db/*"])
    error_message = "The key opens more to an analyst than the marts."
  }
}

run "given_roles_are_not_made" {
  command = plan

  module {
    source = "./modules/iam"
  }

  variables {
    emr_service_role     = "EMR_DefaultRole"
    emr_instance_profile = "EMR_EC2_DefaultRole"
  }

  assert {
    condition     = length(aws_iam_role.emr_service) + length(aws_iam_role.emr_machine) + length(aws_iam_instance_profile.emr) == 0
    error_message = "A role is made although it was given."
  }

  assert {
    condition     = output.emr_service_role == "EMR_DefaultRole" && output.emr_instance_profile == "EMR_EC2_DefaultRole"
    error_message = "Given roles are not used."
  }
}
