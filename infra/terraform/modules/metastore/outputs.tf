output "url" {
  description = "JDBC, encrypted; the server is known by its place in the private subnet."
  value       = "jdbc:mysql://${aws_db_instance.metastore.address}:3306/${local.database}?createDatabaseIfNotExist=true&useSSL=true&trustServerCertificate=true"
}

output "user" { value = local.user }
output "secret_arn" { value = aws_secretsmanager_secret.password.arn }
