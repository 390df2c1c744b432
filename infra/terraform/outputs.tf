locals {
  settings = merge(
    {
      AWS_REGION                    = var.region # the SDKs of Java and the AWS CLI read it,
      AWS_DEFAULT_REGION            = var.region # and boto reads this one
      CAMPUSLAKE_LOCAL_STACK        = "false"
      CAMPUSLAKE_BUCKET             = module.storage.bucket
      CAMPUSLAKE_S3_KMS_KEY         = module.storage.kms_key_arn
      CAMPUSLAKE_SCHEMA             = var.schema
      CAMPUSLAKE_THREADS            = tostring(var.threads)
      CAMPUSLAKE_THRIFT_PORT        = tostring(local.thrift_port)
      CAMPUSLAKE_EXTRACT_KEEP_RUNS  = tostring(var.extract_keep_runs)
      CAMPUSLAKE_EXTRACT_FULL_EVERY = tostring(var.extract_full_every)

      # Airflow: the DAG that works on EMR, with the clusters that are asked for here.
      CAMPUSLAKE_AIRFLOW_DAILY     = "off"
      CAMPUSLAKE_AIRFLOW_DAILY_EMR = var.nightly
      AIRFLOW_VAR_BUCKET_NAME      = module.storage.bucket
      AIRFLOW_VAR_EMR_SIZE         = var.emr_size
    },
    { for name, value in {
      AIRFLOW_VAR_EMR_RELEASE      = var.emr_release
      AIRFLOW_VAR_EMR_PRIMARY_TYPE = var.emr_primary_instance_type
      AIRFLOW_VAR_EMR_CORE_TYPE    = var.emr_core_instance_type
    } : name => value if value != null },
    # What asks Spark outside of the nightly run needs a cluster that stays.
    var.transient ? { CAMPUSLAKE_AIRFLOW_MAINTENANCE = "off" } : {
      CAMPUSLAKE_THRIFT_HOST                         = module.emr.primary_dns
      AIRFLOW_VAR_EMR_CLUSTER_ID                     = module.emr.cluster_id
    }
  )
}

output "settings" {
  description = "The runner's settings; the secret ones are in Secrets Manager."
  value       = local.settings
}

output "emr_place" {
  description = "Where EMR clusters run: what infra/emr/cluster.py fills into a request for one."
  value       = module.emr.place
}

output "emr_cluster_id" {
  description = "The persistent cluster, if there is one."
  value       = module.emr.cluster_id
}

output "scheduler_address" {
  description = "Public address of the machine of ERP and scheduler."
  value       = module.erp_scheduler.public_ip
}

output "ssh" {
  description = "How to get there, with Airflow's page on your own port 8080."
  value       = "ssh -i ${var.key_path} -L 8080:127.0.0.1:8080 ec2-user@${module.erp_scheduler.public_ip}"
}

output "secret_names" {
  description = "Secrets in Secrets Manager, by the setting that each one fills."
  value       = module.erp_scheduler.secret_names
}

output "reader_policies" {
  description = "IAM policies for people who read the lake, by the roles of infra/roles.yml."
  value       = module.iam.reader_policies
}
