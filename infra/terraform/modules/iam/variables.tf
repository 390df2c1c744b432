variable "name" { type = string }
variable "region" { type = string }
variable "bucket" { type = string }
variable "bucket_arn" { type = string }
variable "kms_key_arn" { type = string }
variable "schema" { type = string }
variable "certificates" { type = string }
variable "metastore_secret_arn" { type = string }
variable "secret_arns" { type = list(string) }
variable "log_group_arn" { type = string }
variable "emr_service_role" { type = string }
variable "emr_instance_profile" { type = string }
variable "emr_tag" { type = map(string) }

variable "bundle_arn" {
  description = "The project as a git bundle in S3, if it is not cloned from elsewhere."
  type        = string
  default     = null
}
