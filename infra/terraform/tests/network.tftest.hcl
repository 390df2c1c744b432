mock_provider "aws" {
  mock_resource "aws_security_group" {
    override_during = plan
    defaults        = {}
  }
}

variables {
  name            = "campuslake"
  region          = "eu-west-1"
  vpc_cidr        = "10.0.0.0/24"
  public_cidr     = "10.0.0.0/26"
  private_cidrs   = ["10.0.0.64/26", "10.0.0.128/26"]
  admin_cidrs     = ["203.0.113.7/32"]
  erp             = null
  logs_bucket_arn = "arn:aws:s3:::lake-logs"
  thrift_port     = 10001
  emr_tag         = { "for-use-with-amazon-emr-managed-policies" = "true" }
}

run "who_may_reach_whom" {
  command = plan

  module {
    source = "./modules/network"
  }

  assert {
    condition     = toset([for rule in aws_vpc_security_group_ingress_rule.admin : rule.cidr_ipv4]) == toset(var.admin_cidrs)
    error_message = "An admin port is open to others than admin_cidrs."
  }

  assert {
    condition     = toset([for rule in aws_vpc_security_group_ingress_rule.admin : rule.from_port]) == toset([22, 8080])
    error_message = "Other ports than SSH and Airflow's are open to admin_cidrs."
  }

  assert {
    condition = alltrue([
      for rule in aws_vpc_security_group_ingress_rule.admin : rule.from_port == rule.to_port && rule.security_group_id == aws_security_group.group["scheduler"].id
    ])
    error_message = "Admin ports are the scheduler's, one by one."
  }

  assert {
    condition = alltrue([
      for rule in aws_vpc_security_group_ingress_rule.emr_from_scheduler :
      rule.referenced_security_group_id == aws_security_group.group["scheduler"].id && rule.cidr_ipv4 == null
    ])
    error_message = "Only the scheduler's group reaches a cluster."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.emr_from_scheduler["thrift"].from_port == 10001
    error_message = "The scheduler does not reach the Thrift server."
  }

  assert {
    condition = alltrue([
      for rule in aws_vpc_security_group_ingress_rule.emr_within :
      contains([aws_security_group.group["emr-primary"].id, aws_security_group.group["emr-core"].id], rule.referenced_security_group_id)
    ])
    error_message = "Somebody else than nodes is among the nodes."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.metastore.referenced_security_group_id == aws_security_group.group["emr-primary"].id
    error_message = "The metastore's database answers others than the primary node."
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_egress_rule.https : rule.from_port == 443 && rule.to_port == 443 && rule.ip_protocol == "tcp"])
    error_message = "More than HTTPS leaves the VPC."
  }
}

run "only_the_scheduler_reaches_the_erp" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    erp = { cidr = "198.51.100.9/32", port = 5432 }
  }

  assert {
    condition     = [for rule in aws_vpc_security_group_egress_rule.erp : [rule.cidr_ipv4, rule.from_port, rule.to_port, rule.security_group_id]] == [["198.51.100.9/32", 5432, 5432, aws_security_group.group["scheduler"].id]]
    error_message = "The ERP is not reached, or more than it."
  }
}

run "as_described" {
  command = plan

  module {
    source = "./modules/network"
  }

  assert {
    condition     = aws_vpc.main.cidr_block == "10.0.0.0/24" && aws_subnet.public.cidr_block == "10.0.0.0/26" && aws_subnet.public.availability_zone == "eu-west-1a"
    error_message = "The network is not the one described."
  }

  assert {
    condition     = aws_vpc_endpoint.s3.vpc_endpoint_type == "Gateway" && aws_vpc_endpoint.s3.service_name == "com.amazonaws.eu-west-1.s3"
    error_message = "S3 is reached over the internet."
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.private : subnet.map_public_ip_on_launch == false])
    error_message = "A private subnet hands out public addresses."
  }

  assert {
    condition     = aws_subnet.public.tags["for-use-with-amazon-emr-managed-policies"] == "true"
    error_message = "EMR's service role may make no machine in the subnet."
  }
}
