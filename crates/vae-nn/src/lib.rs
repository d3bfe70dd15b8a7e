//! Neural-network parts for candle on a CPU: layers with exact gradients, losses, resumable optimizers, seeded initialisation.
