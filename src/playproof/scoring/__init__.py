"""How human: scorers, calibration and the chain between them."""
