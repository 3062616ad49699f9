"""What is fitted: a classifier of types, a hazard of progression, and sets that hold the truth as often as promised."""
