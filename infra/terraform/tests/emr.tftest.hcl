mock_provider "aws" {}

variables {
  name                   = "campuslake"
  bucket                 = "lake"
  kms_key_arn            = "arn:aws:kms:eu-west-1:123456789012:key/k"
  subnet_id              = "subnet-1"
  primary_security_group = "sg-1"
  core_security_group    = "sg-2"
  service_role           = "campuslake-emr-service"
  instance_profile       = "campuslake-emr-machine"
  certificates           = "s3://keys/emr/certificates.zip"
  iceberg_jar            = "versions.tf" # any file: its bytes are not read under a mock
  key_name               = "key"
  transient              = false
  size                   = "large"
  release                = null
  primary_instance_type  = null
  core_instance_type     = null
  tags                   = { project = "campuslake" }
  metastore              = { url = "jdbc:mysql://host/hive", user = "hive", secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:m" }
}

run "encrypted_everywhere" {
  command = plan

  module {
    source = "./modules/emr"
  }

  assert {
    condition = alltrue([
      for path in ["EnableAtRestEncryption", "EnableInTransitEncryption"] :
      jsondecode(aws_emr_security_configuration.main.configuration).EncryptionConfiguration[path]
    ])
    error_message = "Not encrypted at rest and in transit."
  }

  assert {
    condition     = jsondecode(aws_emr_security_configuration.main.configuration).EncryptionConfiguration.AtRestEncryptionConfiguration.LocalDiskEncryptionConfiguration.EnableEbsEncryption
    error_message = "Volumes of nodes are in clear."
  }

  assert {
    condition     = jsondecode(aws_emr_security_configuration.main.configuration).InstanceMetadataServiceConfiguration.MinimumInstanceMetadataServiceVersion == 2
    error_message = "IMDSv1 answers on nodes."
  }

  assert {
    condition     = strcontains(aws_emr_cluster.main[0].configurations_json, "\"EMR.secret@javax.jdo.option.ConnectionPassword\": \"arn:aws:secretsmanager")
    error_message = "The metastore's password is not taken from Secrets Manager."
  }

  assert {
    condition     = !strcontains(aws_emr_cluster.main[0].configurations_json, "$${")
    error_message = "Something of the configuration was not filled in."
  }
}

run "scales_and_ends" {
  command = plan

  module {
    source = "./modules/emr"
  }

  assert {
    condition     = aws_emr_cluster.main[0].auto_termination_policy[0].idle_timeout == 3600
    error_message = "An idle cluster stays."
  }

  assert {
    condition     = aws_emr_instance_group.task[0].bid_price == "0.4280"
    error_message = "Task nodes are not spot, or may be dearer than on demand."
  }

  assert {
    condition     = one(aws_emr_managed_scaling_policy.main[0].compute_limits).maximum_capacity_units > one(aws_emr_managed_scaling_policy.main[0].compute_limits).maximum_ondemand_capacity_units
    error_message = "Nothing scales."
  }
}

run "a_single_node_neither_scales_nor_bids" {
  command = plan

  module {
    source = "./modules/emr"
  }

  variables {
    size = "single"
  }

  assert {
    condition     = length(aws_emr_managed_scaling_policy.main) + length(aws_emr_instance_group.task) + length(aws_emr_cluster.main[0].core_instance_group) == 0
    error_message = "A single node has company."
  }

  assert {
    condition     = aws_emr_cluster.main[0].release_label == "emr-7.13.0" && aws_emr_cluster.main[0].applications == toset(["Hadoop", "Spark", "Hive", "Hue"]) && aws_emr_cluster.main[0].master_instance_group[0].instance_type == "m5.xlarge"
    error_message = "The cluster is not the one described."
  }
}

run "transient_means_none_stays" {
  command = plan

  module {
    source = "./modules/emr"
  }

  variables {
    transient = true
  }

  assert {
    condition     = length(aws_emr_cluster.main) + length(aws_emr_managed_scaling_policy.main) + length(aws_emr_instance_group.task) == 0
    error_message = "A cluster stays."
  }
}

run "a_missing_jar_is_told" {
  command = plan

  module {
    source = "./modules/emr"
  }

  variables {
    iceberg_jar = "no-such.jar"
  }

  expect_failures = [aws_s3_object.iceberg]
}
