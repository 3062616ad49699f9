"""What of a training goes to MLflow: parameters, scores with intervals, figures, the bundle; nothing of a patient.

The only importer of mlflow.
"""
