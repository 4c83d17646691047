# SPDX-License-Identifier: Apache-2.0
"""Between arrays and the bytes in memory: images in, labels and scores out."""

from __future__ import annotations

from typing import Any

import numpy as np

from .description import Description, Stream
from .errors import HostError


def check_images(images: Any, about: Description) -> np.ndarray:
    """Images as (N, elements), without a copy where the array allows it.

    Args:
        images: uint8, shape (N, ...) with `elements` values an image; bool, too, where the
            accelerator is fed bits. Maps of several channels: (N, elements) or (N, rows,
            columns, channels) only, for in another order the values would be taken for other
            pixels.
        about: of the accelerator.

    Returns:
        uint8; of a packed build bool where the images are.

    Raises:
        HostError: images-dtype, images-shape, images-values.
    """
    array = np.asarray(images)
    packed = about.binarize is not None
    one_bit = about.input.bits == 1 and not packed
    if array.dtype == np.bool_ and one_bit:
        array = array.view(np.uint8)
    if array.dtype != np.uint8 and not (array.dtype == np.bool_ and packed):
        raise HostError(
            "images-dtype",
            f"images are {array.dtype}, the accelerator takes uint8{' or bool' * packed}",
            "the argument `images`",
            "images.astype(np.uint8), after scaling them to "
            + ("0 and 1" if one_bit else "0 .. 255, not 0 .. 1"),
        )
    size = 1
    for length in array.shape[1:]:
        size *= length
    if array.ndim < 2 or size != about.elements:
        one = array.size == about.elements
        raise HostError(
            "images-shape",
            f"images have shape {array.shape}, the accelerator takes (N, ...) with"
            f" {about.elements} values an image",
            "the argument `images`",
            "images[None] for one image" if one else f"images.reshape(-1, {about.elements})",
        )
    _check_order(array.shape[1:], about.shape)
    flat = array.reshape(len(array), about.elements)
    if one_bit and flat.size and int(flat.max()) > 1:
        raise HostError(
            "images-values",
            f"a 1-bit input holds 0 or 1, these images hold {int(flat.max())}",
            "the argument `images`",
            "(images >= threshold).astype(np.uint8)",
        )
    return flat


def _check_order(given: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    """Refuse maps whose channels are not the last axis."""
    if len(given) == 1 or len(wanted) == 1 or wanted[-1] == 1 or given == wanted:
        return
    first = given == (wanted[2], wanted[0], wanted[1])
    raise HostError(
        "images-shape",
        f"images have shape {('N', *given)}, the accelerator takes {('N', *wanted)}",
        "the argument `images`",
        "images.transpose(0, 2, 3, 1)" if first else f"images.reshape(-1, *{wanted})",
    )


def store(images: np.ndarray, about: Description, memory: np.ndarray) -> None:
    """Write images into input memory; 8-bit pixels are one plain copy.

    Args:
        images: (N, elements) of check_images().
        about: of the accelerator; its `binarize` makes bits of uint8 pixels, and turns bool.
        memory: uint8, N * frame_bytes long.
    """
    stream, binarize = about.input, about.binarize
    if stream.bits == 8:
        memory.reshape(images.shape)[...] = images
        return
    turned = b""
    if binarize is not None:
        turned = binarize.falling
        if images.dtype == np.bool_:
            turned = binarize.inverted
        else:
            images = images >= np.frombuffer(binarize.thresholds, np.uint8)
    packed = _packed(images, stream)
    if any(turned):  # an eighth of the work that it were on values
        each = np.broadcast_to(np.frombuffer(turned, np.uint8), (1, about.elements))
        packed ^= _packed(each, stream)
    memory.reshape(packed.shape)[...] = packed


def _packed(values: np.ndarray, stream: Stream) -> np.ndarray:
    """Bits (N, elements) as they lie in memory: uint8, shape (N, frame_bytes)."""
    if stream.per_beat % 8 == 0:  # no padding: one long row packs fastest
        packed = np.packbits(values.reshape(-1), bitorder="little")
    else:
        packed = np.packbits(values.reshape(-1, stream.per_beat), axis=1, bitorder="little")
    return packed.reshape(-1, stream.frame_bytes)


def fetch(memory: np.ndarray, stream: Stream, count: int) -> np.ndarray:
    """Values out of output memory.

    Args:
        memory: uint8, whole frames.
        stream: labels or scores.
        count: values of a frame; what the last beat holds beyond them is padding.

    Returns:
        int64, shape (N, count).
    """
    if stream.frame_bytes == 1 and stream.per_beat == 1 and not stream.signed:
        return memory.astype(np.int64)[:, None]
    beats = memory.reshape(-1, stream.beat_bytes)
    values = np.empty((len(beats), stream.per_beat), np.int64)
    wide = np.zeros((len(beats), stream.beat_bytes + 8), np.int64)
    wide[:, : stream.beat_bytes] = beats
    for lane in range(stream.per_beat):
        low = lane * stream.bits
        value = np.zeros(len(beats), np.int64)
        for byte in range((low % 8 + stream.bits + 7) // 8):
            value |= wide[:, low // 8 + byte] << (8 * byte)
        value = (value >> (low % 8)) & ((1 << stream.bits) - 1)
        if stream.signed:
            value -= (value >> (stream.bits - 1)) << stream.bits
        values[:, lane] = value
    return values.reshape(-1, stream.beats * stream.per_beat)[:, :count]
