# SPDX-License-Identifier: Apache-2.0
"""One TOML file is one experiment; it becomes frozen dataclasses, or an error that says why not."""

from __future__ import annotations

import dataclasses
import difflib
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

from flows.errors import FlowError


@dataclass(frozen=True)
class DataConfig:
    """[data]: which images, and how they are used."""

    name: str = "fashion-mnist"  # key of training.idx.DATASETS
    validation: int = 0  # images held back from training; 0: train on all, measure on none
    shift: int = 0  # augmentation: up to so many pixels in each direction
    flip: bool = False  # augmentation: left to right


@dataclass(frozen=True)
class ModelConfig:
    """[model]: the network."""

    hidden: tuple[int, ...] = (64, 64, 64)  # neurons per hidden layer
    in_features: int = 784
    threshold: int = 128  # an input bit is +1 where the 8-bit pixel is at least this
    classes: int = 10
    batch_norm: bool = True  # behind every hidden layer
    final_norm: str = "bn"  # "bn" per class, "tensor" one for all, "none"
    dropout: float = 0.0  # behind every hidden layer
    input_dropout: float = 0.0  # of input bits


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
class TrainConfig:
    """[train]: the optimisation."""

    epochs: int = 40
    batch: int = 128
    optimiser: str = "adam"  # "adam" or "sgd" (momentum 0.9)
    lr: float = 1e-3
    schedule: str = "cosine"  # "cosine" or "linear" to 0 over all epochs, or "constant"
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    keep: str = "last"  # model.pt: the "last" epoch, or the "best" on the validation images
    seed: int = 1
    threads: int = 1  # of torch; more is no faster for small layers, and sums may round otherwise


@dataclass(frozen=True)
class Config:
    """A whole experiment."""

    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    quant: QuantConfig = field(default_factory=QuantConfig)
    distill: DistillConfig = field(default_factory=DistillConfig)
    cmim: CmimConfig = field(default_factory=CmimConfig)
    train: TrainConfig = field(default_factory=TrainConfig)

    def with_train(self, **changes: Any) -> Config:
        """The same experiment with some [train] values changed, checked again."""
        return checked(
            dataclasses.replace(self, train=dataclasses.replace(self.train, **changes)),
            "the command line",
        )


CHOICES = {
    "model.final_norm": ("bn", "tensor", "none"),
    "quant.weights": ("binary", "real"),
    "quant.form": ("paper", "code"),
    "quant.maxout": ("monotone", "free"),
    "cmim.mode": ("layers", "distill"),
    "cmim.negatives": ("batch", "bank"),
    "cmim.stop_gradient": ("none", "latent", "binary"),
    "train.optimiser": ("adam", "sgd"),
    "train.schedule": ("cosine", "linear", "constant"),
    "train.keep": ("last", "best"),
}
SIZES = ("model.in_features", "model.classes", "train.epochs", "train.batch", "cmim.dim")
AT_LEAST_ONE = (*SIZES, "cmim.draws")
FRACTIONS = ("model.dropout", "model.input_dropout", "train.label_smoothing", "cmim.bank_momentum")
NOT_NEGATIVE = ("data.validation", "data.shift", "train.seed", "train.threads", "cmim.weight")
POSITIVE = ("train.lr", "distill.temperature", "quant.t_min", "quant.t_max", "cmim.decay")


def load(path: Path) -> Config:
    """Read a configuration file.

    Raises:
        FlowError: config-missing, config-toml, config-key (names the nearest key), config-value.
    """
    try:
        table = tomllib.loads(path.read_text())
    except (FileNotFoundError, IsADirectoryError) as err:
        have = sorted(str(p) for p in Path(__file__).parent.glob("configs/*.toml"))
        raise FlowError(
            "config-missing", "no such configuration", str(path), "one of: " + ", ".join(have)
        ) from err
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        raise FlowError("config-toml", str(err), str(path), "mend that line") from err
    return from_table(table, str(path))


def from_table(table: dict[str, Any], where: str) -> Config:
    """A configuration from nested dicts, as in the TOML file or a saved model.

    Args:
        table: sections of keys; what is absent takes its default.
        where: the file, for messages.

    Raises:
        FlowError: config-key, config-value.
    """
    sections = {}
    hints = get_type_hints(Config)
    for name, keys in table.items():
        _known(name, list(hints), where)
        if not isinstance(keys, dict):
            raise _bad(where, name, f"is {keys!r}, but has to be a section", f"write [{name}]")
        sections[name] = _section(hints[name], name, keys, where)
    return checked(Config(**sections), where)


def _section(cls: type[Any], name: str, keys: dict[str, Any], where: str) -> Any:
    hints = get_type_hints(cls)
    values = {}
    for key, value in keys.items():
        _known(key, list(hints), f"{where}, [{name}]")
        values[key] = _typed(value, hints[key], where, f"{name}.{key}")
    return cls(**values)


def _known(key: str, keys: list[str], where: str) -> None:
    if key not in keys:
        near = difflib.get_close_matches(key, keys, 1, 0.0)
        raise FlowError(
            "config-key",
            f"unknown key {key!r}",
            where,
            f"did you mean {near[0]!r}? All keys here: {', '.join(keys)}",
        )


def _typed(value: Any, kind: Any, where: str, key: str) -> Any:
    if kind is float and type(value) is int:
        return float(value)
    if kind == tuple[float, ...]:
        if isinstance(value, list | tuple) and all(type(v) in (int, float) for v in value):
            return tuple(float(v) for v in value)
        raise _bad(where, key, f"is {value!r}", "a list of numbers, e.g. [0.25, 0.5, 1.0]")
    if kind == tuple[int, ...]:
        if isinstance(value, list | tuple) and all(type(v) is int and v > 0 for v in value):
            return tuple(value)
        raise _bad(where, key, f"is {value!r}", "a list of positive integers, e.g. [64, 64, 64]")
    if type(value) is not kind:
        raise _bad(where, key, f"is {value!r}", f"a value of type {kind.__name__}")
    return value


def checked(config: Config, where: str) -> Config:
    """The same configuration, after its values were found to be in range."""
    flat = {f"{s}.{k}": v for s, keys in to_table(config).items() for k, v in keys.items()}
    for key, choices in CHOICES.items():
        if flat[key] not in choices:
            raise _bad(where, key, f"is {flat[key]!r}", "one of: " + ", ".join(choices))
    for key in AT_LEAST_ONE:
        if flat[key] < 1:
            raise _bad(where, key, f"is {flat[key]}", "1 or more")
    for key in FRACTIONS:
        if not 0 <= flat[key] < 1:
            raise _bad(where, key, f"is {flat[key]}", "0 or more, and less than 1")
    for key in NOT_NEGATIVE:
        if flat[key] < 0:
            raise _bad(where, key, f"is {flat[key]}", "0 or more")
    if not 1 <= config.model.threshold <= 255:
        raise _bad(where, "model.threshold", f"is {config.model.threshold}", "1 to 255")
    if (config.quant.method, config.quant.weights) == ("adabin", "real"):
        raise _bad(
            where,
            "quant.weights",
            "is 'real', which AdaBin's sets have no form for",
            'method = "reactnet", "irnet" or "ste"',
        )
    if not 0 <= config.distill.weight <= 1:
        raise _bad(where, "distill.weight", f"is {config.distill.weight}", "0 to 1")
    if config.cmim.temperature < 0.02:  # exp(1 / T) has to stay a float32
        raise _bad(where, "cmim.temperature", f"is {config.cmim.temperature}", "0.02 or more")
    if config.train.keep == "best" and not config.data.validation:
        raise _bad(
            where, "train.keep", "is 'best' without images to tell", "data.validation = 5000"
        )
    for key in POSITIVE:
        if not flat[key] > 0:
            raise _bad(where, key, f"is {flat[key]}", "more than 0")
    return config


def _bad(where: str, key: str, what: str, hint: str) -> FlowError:
    return FlowError("config-value", f"{key} {what}", where, hint)


def to_table(config: Config) -> dict[str, dict[str, Any]]:
    """Nested dicts of plain values: what from_table takes, and TOML and JSON can hold."""
    table = dataclasses.asdict(config)
    for keys in table.values():
        keys.update({k: list(v) for k, v in keys.items() if isinstance(v, tuple)})
    return table


def to_toml(config: Config) -> str:
    """The resolved configuration as a TOML file: every key, defaults too."""
    lines = []
    for name, keys in to_table(config).items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {_toml_value(value)}" for key, value in keys.items()]
        lines.append("")
    return "\n".join(lines)


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    return repr(value)
