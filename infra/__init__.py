"""What the platform runs on: settings, errors, logs, the object store, the engine."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
