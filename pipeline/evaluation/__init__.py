"""How a model is judged: splits that keep a patient whole, scores, intervals and figures; knows no learner."""
