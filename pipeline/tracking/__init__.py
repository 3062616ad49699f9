"""What goes to MLflow and comes from it: runs with scores and figures, registered models; nothing of a patient.

The only importer of mlflow.
"""
