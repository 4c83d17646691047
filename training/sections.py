# SPDX-License-Identifier: Apache-2.0
"""The sections of a configuration file and their defaults; config.py reads and checks them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DataConfig:
    """[data]: which images, and how they are used."""

    name: str = "fashion-mnist"  # key of training.idx.DATASETS
    validation: int = 0  # images held back from training; 0: train on all, measure on none
    images: int = 0  # how many to train on, at most, of those not held back; 0: all
    shift: int = 0  # augmentation: up to so many pixels in each direction
    flip: bool = False  # augmentation: left to right
    # Of "folder" only:
    crop: bool = False  # augmentation: a random part of each image; they are read batch by batch
    disk: bool = False  # training images are read batch by batch, and need not fit into memory


@dataclass(frozen=True)
class ModelConfig:
    """[model]: the network."""

    hidden: tuple[int, ...] = (64, 64, 64)  # mlp: neurons per hidden layer
    in_features: int = 784
    threshold: int = 128  # an input bit is +1 where the 8-bit pixel is at least this
    classes: int = 10
    batch_norm: bool = True  # behind every hidden layer
    final_norm: str = "bn"  # "bn" per class, "tensor" one for all, "none"
    dropout: float = 0.0  # behind every hidden layer
    input_dropout: float = 0.0  # of input bits
    network: str = "mlp"  # "mlp", "cnv", "vgg-small", "resnet20", "resnet18", "resnet18-imagenet"
    # Networks of convolutions only:
    shape: tuple[int, ...] = ()  # channels, rows, columns of an image; in_features follows
    width: int = 0  # channels of the first layer; 0: the published number
    pad_value: float = -1.0  # of maps; 0 is a third value at the border of binary ones
    # First and last layer, shortcuts and the stream beside them: "binary" (auto: cnv), "int8"
    # (auto: the others) or "real", which no hardware is built for.
    ends: str = "auto"
    residual_bits: int = 8  # of the residual stream, ends = "int8"
    residual_fraction: int = 0  # bits behind its binary point; 0: 6 of 8 behind Hardtanh, else 5


@dataclass(frozen=True)
class QuantConfig:
    """[quant]: the binarisation method."""

    method: str = "irnet"  # key of training.methods.METHODS
    t_min: float = 1e-1  # EDE: first and last steepness of the gradient
    t_max: float = 1e1
    weights: str = "binary"  # or "real": only activations are binary (first of two steps)
    form: str = "paper"  # AdaBin's activation set: offset beta ("paper") or alpha * beta ("code")
    maxout: str = "monotone"  # AdaBin: slopes n * p >= 0, or any ("free", as published)


@dataclass(frozen=True)
class DistillConfig:
    """[distill]: soft targets of a teacher, in any supervised run."""

    weight: float = 0.0  # of the soft targets; 1 - weight is left to the labels. 0: no teacher
    teacher: str = ""  # folder of a finished run
    temperature: float = 4.0


@dataclass(frozen=True)
class CmimConfig:
    """[cmim]: contrast of latent and binary activations on top of any method."""

    weight: float = 0.0  # of the contrastive loss beside cross-entropy; 0: none
    mode: str = "layers"  # every sign, as published; "distill": last features and a teacher's
    negatives: str = "batch"  # "layers" only: the rest of the batch, or a memory "bank"
    decay: float = 2.0  # a layer counts decay times as much as the one before it
    layer_weights: tuple[float, ...] = ()  # instead of decay: one weight per sign
    temperature: float = 0.1
    dim: int = 128  # of the embeddings
    draws: int = 512  # negatives per image out of a memory (the released program: 4096)
    bank_momentum: float = 0.5
    stop_gradient: str = "none"  # or into the "latent" or the "binary" side
    teacher: str = ""  # "distill" only: folder of a finished run


@dataclass(frozen=True)
class SslConfig:
    """[ssl]: training without labels (MoCo v2, S2-BNN)."""

    loss: str = "none"  # "contrastive", "guided", "both"; "none": supervised training
    teacher: str = ""  # "guided" and "both": folder of a finished run with an embedding
    temperature: float = 0.2
    dim: int = 128  # of the embedding, the same as the teacher's
    queue: int = 4096  # keys of earlier batches
    momentum: float = 0.99  # of the copy that makes keys


@dataclass(frozen=True)
class TrainConfig:
    """[train]: the optimisation."""

    epochs: int = 40
    batch: int = 128
    optimiser: str = "adam"  # "adam" or "sgd" (momentum 0.9)
    lr: float = 1e-3
    schedule: str = "cosine"  # "cosine" or "linear" to 0 over all epochs, or "constant"
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    init: str = ""  # folder of a finished run whose weights this one begins with
    freeze: bool = False  # train the last layer alone (linear evaluation)
    keep: str = "last"  # model.pt: the "last" epoch, or the "best" on the validation images
    seed: int = 1
    threads: int = 1  # of torch; more is no faster for small layers, and sums may round otherwise
    compile: bool = False  # training steps by torch.compile; evaluation stays as it is
    precision: str = "float32"  # or "bfloat16" products in training; evaluation stays float32
