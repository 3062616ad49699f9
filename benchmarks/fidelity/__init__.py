"""Whether generated patients have the published figures that they were made to have: ``make fidelity``."""
