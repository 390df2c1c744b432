# Who talks to whom. A group has no rule of its own: each rule is one resource below.

locals {
  groups = {
    scheduler   = "ERP and scheduler"
    emr-primary = "primary node of EMR clusters"
    emr-core    = "core and task nodes of EMR clusters"
    metastore   = "database of the Hive metastore"
  }
  emr = ["emr-primary", "emr-core"]

  admin = {
    for pair in setproduct(["22", "8080"], var.admin_cidrs) :
    "${pair[0]} from ${pair[1]}" => { port = tonumber(pair[0]), cidr = pair[1] }
  }
  # Nodes of a cluster talk to each other on whatever port YARN hands out.
  within = {
    for pair in setproduct(local.emr, local.emr) : "${pair[0]} from ${pair[1]}" => pair
  }
}

resource "aws_security_group" "group" {
  for_each = local.groups

  #checkov:skip=CKV2_AWS_5:attached by other modules, and by EMR to the clusters that Airflow makes
  name        = "${var.name}-${each.key}"
  description = "${var.name}: ${each.value}"
  vpc_id      = aws_vpc.main.id
  tags = merge(
    { Name = "${var.name}-${each.key}" },
    contains(local.emr, each.key) ? var.emr_tag : {}
  )
  revoke_rules_on_delete = true
}

resource "aws_vpc_security_group_ingress_rule" "admin" {
  for_each = local.admin

  security_group_id = aws_security_group.group["scheduler"].id
  description       = "SSH and Airflow's page, from admin_cidrs"
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
  cidr_ipv4         = each.value.cidr
}

# Hue, SSH and the pages of Spark and YARN are reached through the scheduler.
resource "aws_vpc_security_group_ingress_rule" "emr_from_scheduler" {
  #checkov:skip=CKV_AWS_24:from one security group, not from addresses
  for_each = { thrift = var.thrift_port, ssh = 22, hue = 8888, yarn = 8088 }

  security_group_id            = aws_security_group.group["emr-primary"].id
  description                  = "${each.key}, from the scheduler"
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
  referenced_security_group_id = aws_security_group.group["scheduler"].id
}

resource "aws_vpc_security_group_ingress_rule" "emr_within" {
  for_each = local.within

  security_group_id            = aws_security_group.group[each.value[0]].id
  description                  = "Nodes of a cluster: ${each.key}"
  ip_protocol                  = "-1"
  referenced_security_group_id = aws_security_group.group[each.value[1]].id
}

resource "aws_vpc_security_group_ingress_rule" "metastore" {
  security_group_id            = aws_security_group.group["metastore"].id
  description                  = "The Hive metastore of a cluster"
  ip_protocol                  = "tcp"
  from_port                    = 3306
  to_port                      = 3306
  referenced_security_group_id = aws_security_group.group["emr-primary"].id
}

resource "aws_vpc_security_group_egress_rule" "https" {
  for_each = toset(["scheduler", "emr-primary", "emr-core"])

  security_group_id = aws_security_group.group[each.key].id
  description       = "AWS and package registries"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_egress_rule" "vpc" {
  for_each = toset(["scheduler", "emr-primary", "emr-core"])

  security_group_id = aws_security_group.group[each.key].id
  description       = "Each other; who may come in is said above"
  ip_protocol       = "-1"
  cidr_ipv4         = var.vpc_cidr
}

resource "aws_vpc_security_group_egress_rule" "erp" {
  count = var.erp == null ? 0 : 1

  security_group_id = aws_security_group.group["scheduler"].id
  description       = "The ERP"
  ip_protocol       = "tcp"
  from_port         = var.erp.port
  to_port           = var.erp.port
  cidr_ipv4         = var.erp.cidr
}
