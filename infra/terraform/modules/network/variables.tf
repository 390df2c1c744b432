variable "name" { type = string }
variable "region" { type = string }
variable "vpc_cidr" { type = string }
variable "public_cidr" { type = string }
variable "private_cidrs" { type = list(string) }
variable "admin_cidrs" { type = list(string) }
variable "logs_bucket_arn" { type = string }
variable "thrift_port" { type = number }
variable "emr_tag" { type = map(string) }

variable "erp" {
  type = object({ cidr = string, port = number })
}
