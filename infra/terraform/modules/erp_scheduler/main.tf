data "aws_ami" "amazon_linux" {
  count = var.ami_id == null ? 1 : 0

  most_recent = true
  owners      = ["amazon"]

  filter {
    name   = "name"
    values = ["al2023-ami-2023.*-x86_64"]
  }
}

resource "aws_cloudwatch_log_group" "main" {
  name              = "/${var.name}/scheduler"
  retention_in_days = 365
  kms_key_id        = var.kms_key_arn
}

resource "aws_instance" "main" {
  #checkov:skip=CKV_AWS_88:the described machine is in the public subnet; admin_cidrs say who reaches it
  #checkov:skip=CKV_AWS_135:it is, where the type of machine knows it
  #checkov:skip=CKV2_AWS_41:the role comes as a variable from the module iam
  ami                         = var.ami_id == null ? data.aws_ami.amazon_linux[0].id : var.ami_id
  instance_type               = var.instance_type
  subnet_id                   = var.subnet_id
  vpc_security_group_ids      = [var.security_group_id]
  iam_instance_profile        = var.instance_profile
  key_name                    = var.key_name
  associate_public_ip_address = true
  monitoring                  = true
  # t2 machines know none.
  ebs_optimized = !startswith(var.instance_type, "t2.")
  tags          = { Name = "${var.name}-scheduler" }

  user_data = templatefile("${path.module}/user_data.sh.tftpl", {
    name            = var.name
    region          = var.region
    bucket          = var.bucket
    repository_url  = var.repository_url
    repository_ref  = var.repository_ref
    log_group       = aws_cloudwatch_log_group.main.name
    docker_username = var.docker_username == null ? "" : var.docker_username
    services        = var.with_airflow ? "campuslake-erp campuslake-airflow" : "campuslake-erp"
  })

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    volume_type = "gp3"
    volume_size = 60
    encrypted   = true
    kms_key_id  = var.kms_key_arn
  }

  lifecycle {
    # A newer image does not take the ERP's data with it: upgrades are made on purpose.
    ignore_changes = [ami, user_data]

    precondition {
      condition     = !var.with_airflow || !contains(["t2.nano", "t2.micro", "t2.small", "t3.nano", "t3.micro", "t3.small"], var.instance_type)
      error_message = "Airflow and a run need 4 GB: take t3.medium, or with_airflow = false."
    }
  }
}
