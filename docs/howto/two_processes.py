"""Batch normalization over two processes: ``torchrun --nproc_per_node=2 two_processes.py``."""

import os

os.environ["KERAS_BACKEND"] = "torch"
import keras
import torch

import normlayers as nl

torch.distributed.init_process_group("gloo")  # "nccl" on GPUs
rank = torch.distributed.get_rank()
keras.utils.set_random_seed(0)  # the same weights everywhere
normalization = nl.BatchNormalization(activation="relu", synchronized=True)
model = keras.Sequential(
    [
        keras.Input((8,)),
        keras.layers.Dense(16, use_bias=False),
        normalization,
        keras.layers.Dense(1),
    ]
)
parallel = torch.nn.parallel.DistributedDataParallel(model)
optimizer = torch.optim.SGD(parallel.parameters(), lr=0.1)
generator = torch.Generator().manual_seed(rank)
for _ in range(20):
    x = torch.randn(4, 8, generator=generator) + rank  # this process's part of the batch
    y = x.sum(dim=1, keepdim=True)
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(parallel(x, training=True), y).backward()
    optimizer.step()
total = float(normalization.moving_mean.value.sum())
print(f"{rank} {total}\n", end="", flush=True)  # in one piece, as the other process prints too
torch.distributed.destroy_process_group()
