# The persistent cluster; with `transient` there is none, and Airflow asks for one each night.

locals {
  configurations = replace(replace(replace(replace(
    file("${local.source}/configurations/${var.size}.json"),
    "$${bucket}", var.bucket),
    "$${metastore_url}", var.metastore.url),
    "$${metastore_user}", var.metastore.user),
  "$${metastore_secret}", var.metastore.secret_arn)

  core_type = try(coalesce(var.core_instance_type, local.core.type), null)
  # Where Spark works: on the core nodes, or on the only one.
  worker_type = coalesce(local.core_type, var.primary_instance_type, local.size.primary.type)
  task_type   = try(coalesce(var.core_instance_type, local.task.type), null)
}

resource "aws_emr_cluster" "main" {
  #checkov:skip=CKV2_AWS_7:its groups come as variables from the module network, whose tests say that nobody outside reaches them
  count = var.transient ? 0 : 1

  name                              = var.name
  release_label                     = coalesce(var.release, local.cluster.release)
  applications                      = local.cluster.applications
  configurations_json               = local.configurations
  service_role                      = var.service_role
  security_configuration            = aws_emr_security_configuration.main.name
  log_uri                           = "s3://${var.bucket}/emr/logs/"
  ebs_root_volume_size              = local.cluster.root_volume_gb
  scale_down_behavior               = "TERMINATE_AT_TASK_COMPLETION"
  keep_job_flow_alive_when_no_steps = true
  termination_protection            = false
  tags                              = var.tags

  ec2_attributes {
    subnet_id                         = var.subnet_id
    instance_profile                  = var.instance_profile
    emr_managed_master_security_group = var.primary_security_group
    emr_managed_slave_security_group  = var.core_security_group
    key_name                          = var.key_name
  }

  master_instance_group {
    name           = "master"
    instance_type  = coalesce(var.primary_instance_type, local.size.primary.type)
    instance_count = 1

    ebs_config {
      type                 = "gp3"
      size                 = local.cluster.volume_gb
      volumes_per_instance = 1
    }
  }

  dynamic "core_instance_group" {
    for_each = local.core == null ? [] : [local.core]

    content {
      name           = "core"
      instance_type  = local.core_type
      instance_count = core_instance_group.value.count

      ebs_config {
        type                 = "gp3"
        size                 = local.cluster.volume_gb
        volumes_per_instance = 1
      }
    }
  }

  bootstrap_action {
    name = "iceberg"
    path = "s3://${var.bucket}/emr/bootstrap.sh"
    args = ["s3://${var.bucket}/emr/${local.iceberg[1]}", local.iceberg[0]]
  }

  step {
    name              = "thrift-server"
    action_on_failure = "TERMINATE_CLUSTER"

    hadoop_jar_step {
      jar  = "command-runner.jar"
      args = ["bash", "/usr/share/campuslake/thrift_server.sh", tostring(local.cluster.thrift_port), "0"]
    }
  }

  # Idle is a cluster whose Thrift server was stopped: it counts as work.
  auto_termination_policy {
    idle_timeout = local.cluster.idle_seconds
  }

  lifecycle {
    precondition {
      condition     = try(local.prices.memory_gb[local.worker_type] * 1024 * 0.75 >= local.size.node_memory_mb, false)
      error_message = "${local.worker_type} has too little memory for the size ${var.size}, or infra/prices.json does not know it."
    }
  }

  # What nodes fetch when they start has to be there.
  depends_on = [aws_s3_object.script, aws_s3_object.iceberg]
}

resource "aws_emr_managed_scaling_policy" "main" {
  count = var.transient || local.core == null ? 0 : 1

  cluster_id = aws_emr_cluster.main[0].id

  compute_limits {
    unit_type                       = "Instances"
    minimum_capacity_units          = local.core.count
    maximum_capacity_units          = local.core.count + try(local.task.most, 0)
    maximum_core_capacity_units     = local.core.count
    maximum_ondemand_capacity_units = local.core.count
  }
}

resource "aws_emr_instance_group" "task" {
  count = var.transient || local.task == null ? 0 : 1

  cluster_id     = aws_emr_cluster.main[0].id
  name           = "task"
  instance_type  = local.task_type
  instance_count = 1
  # Spot, never dearer than on demand.
  bid_price = format("%.4f", local.prices.ec2_hour[local.task_type])

  ebs_config {
    type                 = "gp3"
    size                 = local.cluster.volume_gb
    volumes_per_instance = 1
  }

  lifecycle {
    # Managed scaling's business.
    ignore_changes = [instance_count]
  }
}
