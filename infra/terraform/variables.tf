variable "name" {
  description = "What everything is named after."
  type        = string
  default     = "campuslake"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,20}$", var.name))
    error_message = "A name has 3 to 21 small letters, digits and hyphens, and starts with a letter."
  }
}

variable "region" {
  description = "The AWS region."
  type        = string
  default     = "eu-west-1"
}

variable "tags" {
  description = "More tags of everything."
  type        = map(string)
  default     = {}
}

# Network.

variable "vpc_cidr" {
  description = "Addresses of the VPC."
  type        = string
  default     = "10.0.0.0/24"
}

variable "public_cidr" {
  description = "Addresses of the public subnet: scheduler and clusters."
  type        = string
  default     = "10.0.0.0/26"
}

variable "private_cidrs" {
  description = "Addresses of the two private subnets, in two zones: the metastore's database."
  type        = list(string)
  default     = ["10.0.0.64/26", "10.0.0.128/26"]
}

variable "admin_cidrs" {
  description = "Addresses from which SSH and Airflow's page may be reached. There is no default."
  type        = list(string)

  validation {
    condition     = length(var.admin_cidrs) > 0
    error_message = "Name at least one address, such as 203.0.113.7/32."
  }

  validation {
    condition = alltrue([
      for cidr in var.admin_cidrs : can(cidrhost(cidr, 0)) && try(tonumber(split("/", cidr)[1]) >= 16, false)
    ])
    error_message = "Admin ports are not for the world: each range is a CIDR of /16 or narrower."
  }
}

variable "erp" {
  description = "A real ERP outside of the VPC: the addresses and the port that the scheduler may reach."
  type        = object({ cidr = string, port = number })
  default     = null
}

# Storage.

variable "bucket_name" {
  description = "S3 bucket of the staging zone and the warehouse."
  type        = string
}

variable "schema" {
  description = "Prefix of the databases (CAMPUSLAKE_SCHEMA)."
  type        = string
  default     = "campus"
}

variable "threads" {
  description = "Models and tests that dbt has under way at a time (CAMPUSLAKE_THREADS)."
  type        = number
  default     = 4
}

variable "extract_keep_runs" {
  description = "Runs of the staging zone that `campuslake privacy retain` leaves."
  type        = number
  default     = 7
}

variable "extract_full_every" {
  description = "Of so many runs with changes one is full: kept runs may build on that many more."
  type        = number
  default     = 7
}

variable "staging_days" {
  description = "Days after which S3 itself ends staged files, should no run ever do it."
  type        = number
  default     = 30

  validation {
    condition     = var.staging_days > var.extract_keep_runs + var.extract_full_every
    error_message = "S3 would end runs that `campuslake privacy retain` keeps: staging_days must exceed extract_keep_runs + extract_full_every."
  }
}

variable "noncurrent_days" {
  description = "Days for which what was overwritten or deleted can be restored (1 in the staging zone)."
  type        = number
  default     = 7
}

# ERP and scheduler.

variable "key_name" {
  description = "EC2 key pair of the machines."
  type        = string
}

variable "key_path" {
  description = "Where its private key is on your machine; only for the commands that are printed."
  type        = string
}

variable "scheduler_instance_type" {
  description = "Machine of ERP and Airflow; t2.small is enough for the ERP alone (with_airflow = false)."
  type        = string
  default     = "t3.medium"
}

variable "with_airflow" {
  description = "Whether Airflow runs beside the ERP."
  type        = bool
  default     = true
}

variable "nightly" {
  description = "Cron line of the nightly run, in the time of Paris, or off. From 02:00 to 03:00 there is no time in one night of March."
  type        = string
  default     = "30 3 * * *"
}

variable "ami_id" {
  description = "Image of that machine; else the newest Amazon Linux 2023."
  type        = string
  default     = null
}

variable "repository_url" {
  description = "Where the machine clones campuslake from: https://… or a git bundle, s3://…"
  type        = string

  validation {
    condition     = can(regex("^(https|s3)://[^@\"$`\\\\\\s]+$", var.repository_url))
    error_message = "It is an https:// or s3:// address without a password: user data can be read by whoever is on the machine."
  }
}

variable "repository_ref" {
  description = "Branch or tag that it runs."
  type        = string
  default     = "main"
}

variable "docker_username" {
  description = "Account of a container registry, where images are pulled from one."
  type        = string
  default     = null
}

# EMR.

variable "transient" {
  description = "true: Airflow makes a cluster for each run. false: one cluster stays."
  type        = bool
  default     = true
}

variable "emr_size" {
  description = "Size of clusters: a name of infra/emr/cluster.json."
  type        = string
  default     = "single"
}

variable "emr_release" {
  description = "EMR release; else that of infra/emr/cluster.json."
  type        = string
  default     = null
}

variable "emr_primary_instance_type" {
  description = "Machine of the primary node; else that of the size."
  type        = string
  default     = null
}

variable "emr_core_instance_type" {
  description = "Machine of core and task nodes; else that of the size."
  type        = string
  default     = null
}

variable "emr_service_role" {
  description = "Name of EMR's service role; made when not given."
  type        = string
  default     = null
}

variable "emr_instance_profile" {
  description = "Name of the instance profile of clusters, and of the role in it, which bears the same name; made when not given."
  type        = string
  default     = null
}

variable "certificates" {
  description = "s3://… of the zip with the certificate by which nodes encrypt what they send (infra/emr/make_certificates)."
  type        = string
}

variable "iceberg_jar" {
  description = "Our Iceberg jar; else the one that `make up` put into .campuslake."
  type        = string
  default     = null
}

# Money.

variable "monthly_budget" {
  description = "US dollars a month; 80 % and a forecast of all of it raise the alarm."
  type        = number
  default     = 200
}

variable "alarm_email" {
  description = "Who is told."
  type        = string
}

# Secrets: ephemeral, so neither state nor plan holds them. Needed when they are first written and
# when their number in `secret_versions` is raised; AWS refuses to be given none then.

variable "metastore_password" {
  description = "Password of the metastore's database."
  type        = string
  default     = ""
  ephemeral   = true
  sensitive   = true
}

variable "airflow_password" {
  description = "Password of Airflow's user admin."
  type        = string
  default     = ""
  ephemeral   = true
  sensitive   = true
}

variable "privacy_key" {
  description = "CAMPUSLAKE_PRIVACY_KEY. Another one makes registry and audit log unreadable."
  type        = string
  default     = ""
  ephemeral   = true
  sensitive   = true
}

variable "docker_password" {
  description = "Password of docker_username."
  type        = string
  default     = ""
  ephemeral   = true
  sensitive   = true
}

variable "secret_versions" {
  description = "Raise a number to write that secret anew."
  type = object({
    metastore_password = optional(number, 1)
    airflow_password   = optional(number, 1)
    privacy_key        = optional(number, 1)
    docker_password    = optional(number, 1)
  })
  default = {}
}
