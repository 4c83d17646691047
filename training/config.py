# SPDX-License-Identifier: Apache-2.0
"""One TOML file is one experiment; it becomes frozen dataclasses, or an error that says why not."""

from __future__ import annotations

import dataclasses
import difflib
import math
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

from flows.errors import FlowError
from training.sections import (
    CmimConfig,
    DataConfig,
    DistillConfig,
    ModelConfig,
    QuantConfig,
    SslConfig,
    TrainConfig,
)

__all__ = [
    "CmimConfig",
    "Config",
    "DataConfig",
    "DistillConfig",
    "ModelConfig",
    "QuantConfig",
    "SslConfig",
    "TrainConfig",
]


@dataclass(frozen=True)
class Config:
    """A whole experiment."""

    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    quant: QuantConfig = field(default_factory=QuantConfig)
    distill: DistillConfig = field(default_factory=DistillConfig)
    cmim: CmimConfig = field(default_factory=CmimConfig)
    ssl: SslConfig = field(default_factory=SslConfig)
    train: TrainConfig = field(default_factory=TrainConfig)

    def with_train(self, **changes: Any) -> Config:
        """The same experiment with some [train] values changed, checked again."""
        return checked(
            dataclasses.replace(self, train=dataclasses.replace(self.train, **changes)),
            "the command line",
        )


NETWORKS = ("mlp", "cnv", "vgg-small", "resnet20", "resnet18", "resnet18-imagenet")
CHOICES = {
    "model.network": NETWORKS,
    "model.ends": ("auto", "binary", "int8", "real"),
    "model.pad_value": (-1.0, 0.0, 1.0),
    "model.final_norm": ("bn", "tensor", "none"),
    "quant.weights": ("binary", "real"),
    "quant.form": ("paper", "code"),
    "quant.maxout": ("monotone", "free"),
    "cmim.mode": ("layers", "distill"),
    "cmim.negatives": ("batch", "bank"),
    "cmim.stop_gradient": ("none", "latent", "binary"),
    "ssl.loss": ("none", "contrastive", "guided", "both"),
    "train.optimiser": ("adam", "sgd"),
    "train.schedule": ("cosine", "linear", "constant"),
    "train.keep": ("last", "best"),
    "train.precision": ("float32", "bfloat16"),
}
SIZES = ("model.in_features", "model.classes", "train.epochs", "train.batch", "cmim.dim")
AT_LEAST_ONE = (*SIZES, "cmim.draws", "ssl.dim", "ssl.queue")
MOMENTA = ("cmim.bank_momentum", "ssl.momentum")
FRACTIONS = ("model.dropout", "model.input_dropout", "train.label_smoothing", *MOMENTA)
COUNTS = (
    "data.validation",
    "data.images",
    "data.shift",
    "train.seed",
    "train.threads",
    "model.width",
    "model.residual_fraction",
)
NOT_NEGATIVE = (*COUNTS, "cmim.weight")
TEMPERATURES = ("distill.temperature", "ssl.temperature")
POSITIVE = ("train.lr", "quant.t_min", "quant.t_max", "cmim.decay", *TEMPERATURES)


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
    model = sections.get("model")
    if model is not None and model.shape:
        sections["model"] = dataclasses.replace(model, in_features=math.prod(model.shape))
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
            raise _bad(where, key, f"is {flat[key]!r}", "one of: " + ", ".join(map(str, choices)))
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
    _fitting(config, where)
    for key in POSITIVE:
        if not flat[key] > 0:
            raise _bad(where, key, f"is {flat[key]}", "more than 0")
    return config


def _fitting(config: Config, where: str) -> None:
    """What several values have to agree on."""
    model, quant = config.model, config.quant
    if (quant.method, quant.weights) == ("adabin", "real"):
        hint = 'method = "reactnet", "irnet" or "ste"'
        raise _bad(where, "quant.weights", "is 'real', which AdaBin's sets have no form for", hint)
    if model.network != "mlp" and len(model.shape) != 3:
        hint = "e.g. shape = [3, 32, 32]: channels, rows, columns"
        raise _bad(where, "model.shape", f"is {list(model.shape)} for {model.network}", hint)
    if model.network == "resnet18-imagenet":
        _fitting_imagenet(model, where)
    if model.network.startswith("resnet") and model.ends == "binary":
        raise _bad(where, "model.ends", "is 'binary' for a residual network", '"int8" or "real"')
    _fitting_data(config, where)
    if not 2 <= model.residual_bits <= 8:
        raise _bad(where, "model.residual_bits", f"is {model.residual_bits}", "2 to 8")
    if not 0 <= config.distill.weight <= 1:
        raise _bad(where, "distill.weight", f"is {config.distill.weight}", "0 to 1")
    if config.cmim.temperature < 0.02:  # exp(1 / T) has to stay a float32
        raise _bad(where, "cmim.temperature", f"is {config.cmim.temperature}", "0.02 or more")
    if config.train.freeze and not config.train.init:
        hint = 'init = "build/..." of a run with features'
        raise _bad(where, "train.freeze", "is true, but train.init names no run", hint)
    extras = [n for n in ("distill", "cmim") if getattr(config, n).weight]
    if config.ssl.loss != "none" and extras:
        raise _bad(where, extras[0], "is for supervised runs", 'leave it out, or ssl.loss = "none"')
    if config.train.keep == "best" and not config.data.validation:
        raise _bad(
            where, "train.keep", "is 'best' without images to tell", "data.validation = 5000"
        )


def _fitting_data(config: Config, where: str) -> None:
    data = config.data
    for key in ("crop", "disk"):
        if getattr(data, key) and data.name != "folder":
            hint = 'name = "folder", or leave it out: other data sets are in memory'
            raise _bad(where, f"data.{key}", f"is true for {data.name!r}", hint)
    if data.crop and data.shift:
        what = f"is {data.shift} beside data.crop, which moves images already"
        raise _bad(where, "data.shift", what, "shift = 0")
    if config.train.compile and config.train.freeze:
        what = "is true with train.freeze: features are evaluated, not trained"
        raise _bad(where, "train.compile", what, "compile = false")


def _fitting_imagenet(model: ModelConfig, where: str) -> None:
    if any(side % 32 for side in model.shape[1:]):
        hint = 'rows and columns that are multiples of 32, or network = "resnet18" for small images'
        raise _bad(where, "model.shape", f"is {list(model.shape)}: size is halved 5 times", hint)
    if model.width > 64 and model.ends != "real":
        hint = '64 or less, or ends = "real"'
        what = f"is {model.width}: sums of its shortcuts would no longer be exact in float32"
        raise _bad(where, "model.width", what, hint)


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
