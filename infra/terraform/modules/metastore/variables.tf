variable "name" { type = string }
variable "subnet_ids" { type = list(string) }
variable "security_group_id" { type = string }
variable "kms_key_arn" { type = string }
variable "password_version" { type = number }

variable "password" {
  type      = string
  ephemeral = true
  sensitive = true
}
