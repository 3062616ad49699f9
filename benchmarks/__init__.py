"""What the pipeline costs, beside one fixed job that tells how fast the machine is."""
