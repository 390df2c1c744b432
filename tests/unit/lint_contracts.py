"""Run by the Python of the contracts' environment: lints the files named, one line each."""

import sys
from pathlib import Path

from datacontract.data_contract import DataContract

for file in sys.argv[1:]:
    run = DataContract(data_contract_file=file).lint()
    sys.stdout.write(f"{Path(file).name} {run.result.value}\n")
