"""From a cohort to the table of features: declared once each, extracted one way for training and serving."""
