"""What dagster.yaml points at."""
