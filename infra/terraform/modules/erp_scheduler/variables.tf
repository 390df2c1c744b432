variable "name" { type = string }
variable "region" { type = string }
variable "bucket" { type = string }
variable "kms_key_arn" { type = string }
variable "subnet_id" { type = string }
variable "security_group_id" { type = string }
variable "instance_profile" { type = string }
variable "instance_type" { type = string }
variable "ami_id" { type = string }
variable "key_name" { type = string }
variable "with_airflow" { type = bool }
variable "repository_url" { type = string }
variable "repository_ref" { type = string }
variable "docker_username" { type = string }

variable "airflow_password" {
  type      = string
  ephemeral = true
  sensitive = true
}

variable "privacy_key" {
  type      = string
  ephemeral = true
  sensitive = true
}

variable "docker_password" {
  type      = string
  ephemeral = true
  sensitive = true
}

variable "secret_versions" {
  type = object({ airflow_password = number, privacy_key = number, docker_password = number })
}
