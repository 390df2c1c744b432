output "place" { value = local.place }
output "cluster_id" { value = one(aws_emr_cluster.main[*].id) }
output "primary_dns" { value = one(aws_emr_cluster.main[*].master_public_dns) }
