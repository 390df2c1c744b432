output "emr_service_role" { value = local.service_role }
output "emr_instance_profile" { value = local.instance_profile }

# The first boot may do all of it already.
output "scheduler_instance_profile" {
  value      = aws_iam_instance_profile.scheduler.name
  depends_on = [aws_iam_role_policy.scheduler, aws_iam_role_policy_attachment.scheduler]
}

output "reader_policies" { value = { for role, policy in aws_iam_policy.reader : role => policy.arn } }
