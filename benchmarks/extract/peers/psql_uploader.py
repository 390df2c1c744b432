"""`psql -c "copy …" | uploader`, table by table, with the uploader of campuslake itself."""

import subprocess
import sys

from extract.upload import PartUpload, Uploads
from infra.erp import erp_dsn
from infra.local.postgres import POSTGRES_BIN_PATH
from infra.object_store import Bucket
from infra.settings import settings

compression, prefix, *tables = sys.argv[1:]
uploads = Uploads(Bucket(settings()))
for table in tables:
    copy = f"copy {table} to stdout (format csv, header)"
    upload = PartUpload(uploads, f"{prefix}/{table}.csv", compression)
    with subprocess.Popen(
        [POSTGRES_BIN_PATH / "psql", erp_dsn(settings()), "-c", copy], stdout=subprocess.PIPE
    ) as psql:
        while piece := psql.stdout.read(1024 * 1024):
            upload.write(piece)
    upload.finish()
    upload.complete()
uploads.close()
