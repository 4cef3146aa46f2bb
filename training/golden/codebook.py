import numpy as np
def codebook(dimension, size, seed=0):
    return np.random.default_rng(seed+dimension).standard_normal((size, dimension)).astype(np.float32)
