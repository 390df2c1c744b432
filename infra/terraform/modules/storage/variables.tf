variable "name" { type = string }
variable "region" { type = string }
variable "bucket_name" { type = string }
variable "staging_days" { type = number }
variable "noncurrent_days" { type = number }
