"""How XLA compiles the ensembles' training: loops as one kernel, of long vectors; half the time."""

# Results change by rounding.
OPTIONS = (
    # Loops that touch at most so many bytes become one kernel. XLA runs each step of others as a
    # dozen kernels, and to start one takes as long as a few hundred small networks do in it. Loops
    # with matrix products are slower in one kernel; the networks of this experiment have none.
    "--xla_backend_extra_options=xla_cpu_small_while_loop_byte_threshold=10000000",
    # Sums by a library of kernels, which cannot be part of one.
    "--xla_cpu_experimental_ynn_fusion_type=",
    # Vectors as long as the processor has them, where XLA takes half as long ones.
    "--xla_cpu_prefer_vector_width=512",
)
