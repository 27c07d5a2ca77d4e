"""What is measured: each part is a module with `run(bench)`, which returns its samples."""
