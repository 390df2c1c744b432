#!/usr/bin/env bash
# EMR step, on the primary node: thrift_server.sh PORT HOURS
# Starts Spark's Thrift server as a service that restarts, with our Iceberg before EMR's, and ends
# when it answers. After HOURS (0: never) it stops, so that a forgotten cluster becomes idle.
set -euo pipefail

port="${1:?usage: thrift_server.sh PORT HOURS}"
hours="${2:?usage: thrift_server.sh PORT HOURS}"
share="${CAMPUSLAKE_SHARE:-/usr/share/campuslake}"
defaults="${CAMPUSLAKE_SPARK_DEFAULTS:-/etc/spark/conf/spark-defaults.conf}"
units="${CAMPUSLAKE_UNITS:-/etc/systemd/system}"
attempts="${CAMPUSLAKE_ATTEMPTS:-90}"
jar="$share/lib/iceberg.jar"

# EMR sets both class paths to a long list of its own. A classification would replace it, so the jar
# is put in front of what is there. What comes first on a class path is what is loaded.
for who in driver executor; do
    name="spark.$who.extraClassPath"
    if ! grep -q "^${name}[[:space:]]" "$defaults"; then
        echo "$name $jar" | sudo tee -a "$defaults" > /dev/null
    elif ! grep -q "^${name}[[:space:]]\+$jar" "$defaults"; then
        sudo sed -i "s|^${name}[[:space:]]\+|&$jar:|" "$defaults"
    fi
done

sed "s|@PORT@|$port|g" "$share/campuslake-thrift.service" \
    | sudo tee "$units/campuslake-thrift.service" > /dev/null
sudo systemctl daemon-reload
sudo systemctl enable --now campuslake-thrift.service
if [[ "$hours" != 0 ]]; then
    sudo systemd-run --on-active="${hours}h" systemctl stop campuslake-thrift.service
fi

for ((attempt = 0; attempt < attempts; attempt++)); do
    if (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; then
        echo "the Thrift server answers on port $port"
        exit 0
    fi
    sleep 2
done
echo "error: no Thrift server on port $port; see journalctl -u campuslake-thrift" >&2
exit 1
