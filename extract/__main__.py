"""`python -m extract`."""

import gc

# Modules that load leave no garbage; looking for it takes a fifth of a small extract.
gc.disable()

from extract.cli import app  # noqa: E402
from infra.command_line import main  # noqa: E402

gc.freeze()
gc.enable()

if __name__ == "__main__":
    main(app)
