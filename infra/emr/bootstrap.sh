#!/usr/bin/env bash
# EMR bootstrap action, on every node: bootstrap.sh s3://BUCKET/emr/JAR SHA256
# Puts the Iceberg that the local engine runs, and what starts the Thrift server, beside EMR's own.
set -euo pipefail

jar="${1:?usage: bootstrap.sh s3://BUCKET/emr/JAR SHA256}"
sha256="${2:?usage: bootstrap.sh s3://BUCKET/emr/JAR SHA256}"
share="${CAMPUSLAKE_SHARE:-/usr/share/campuslake}"

sudo mkdir -p "$share/lib"
sudo aws s3 cp --no-progress "$jar" "$share/lib/iceberg.jar"
echo "$sha256  $share/lib/iceberg.jar" | sha256sum --check --quiet
for file in thrift_server.sh campuslake-thrift.service; do
    sudo aws s3 cp --no-progress "${jar%/*}/$file" "$share/$file"
done
sudo chmod -R a+rX "$share"
