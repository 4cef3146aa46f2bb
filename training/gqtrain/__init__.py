"""Training of the gqimg network: data, network, quantizer model, optimiser, validation, export."""
