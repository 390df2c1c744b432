variable "name" { type = string }
variable "bucket" { type = string }
variable "kms_key_arn" { type = string }
variable "subnet_id" { type = string }
variable "primary_security_group" { type = string }
variable "core_security_group" { type = string }
variable "service_role" { type = string }
variable "instance_profile" { type = string }
variable "certificates" { type = string }
variable "iceberg_jar" { type = string }
variable "key_name" { type = string }
variable "transient" { type = bool }
variable "size" { type = string }
variable "release" { type = string }
variable "primary_instance_type" { type = string }
variable "core_instance_type" { type = string }
variable "tags" { type = map(string) }

variable "metastore" {
  type = object({ url = string, user = string, secret_arn = string })
}
