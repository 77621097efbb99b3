"""Which of the adapters' tests there are."""

from dagster_project.registry import project_root

GENUINE = project_root().parent / "shared" / "sources" / "samples"
collect_ignore = [] if GENUINE.is_dir() else ["test_genuine_files.py"]
