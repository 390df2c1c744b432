output "bucket" { value = aws_s3_bucket.lake.id }
output "bucket_arn" { value = aws_s3_bucket.lake.arn }
output "logs_bucket_arn" { value = aws_s3_bucket.logs.arn }
output "kms_key_arn" { value = aws_kms_key.lake.arn }
