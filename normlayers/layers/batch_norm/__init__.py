"""What BatchNormalization computes with: the reference, the backends' kernels, the gradient."""
