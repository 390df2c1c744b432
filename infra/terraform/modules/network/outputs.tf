
# Whoever starts a machine in it waits until the machine gets out.
output "public_subnet_id" {
  value = aws_subnet.public.id
  depends_on = [
    aws_route.internet,
    aws_route_table_association.public,
    aws_vpc_security_group_egress_rule.https,
  ]
}

output "private_subnet_ids" { value = aws_subnet.private[*].id }
output "scheduler_security_group_id" { value = aws_security_group.group["scheduler"].id }
output "emr_primary_security_group_id" { value = aws_security_group.group["emr-primary"].id }
output "emr_core_security_group_id" { value = aws_security_group.group["emr-core"].id }
output "metastore_security_group_id" { value = aws_security_group.group["metastore"].id }
