output "public_ip" { value = aws_instance.main.public_ip }
output "log_group_arn" { value = aws_cloudwatch_log_group.main.arn }
output "secret_arns" { value = [for secret in aws_secretsmanager_secret.main : secret.arn] }
output "secret_names" { value = { for key, secret in aws_secretsmanager_secret.main : key => secret.name } }
