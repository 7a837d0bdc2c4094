"""One answer had from a model: at its pace, within the budget, tried again where that can help."""
