# SPDX-License-Identifier: Apache-2.0
"""From the state a run stopped in to the sentence that names the place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flows.errors import CheckFailed

State = dict[str, Any]  # a stream in outcome.json: kind, name, beats, frame_beats, valid, ready, ..


def failure(outcome: dict[str, Any], frames: int, program: Path, watchdog: int) -> CheckFailed:
    """The error for a run that did not end as "done".

    Args:
        outcome: outcome.json of bench.cpp.
        frames: how many were to run.
        program: folder of the built bench, for the replay hint.
        watchdog: cycles of silence that were waited for.
    """
    kind, name, cycle = outcome["outcome"], outcome["stream"], outcome["cycle"]
    states: list[State] = outcome["streams"]
    where = f"{program}, cycle {cycle}"
    if kind == "stuck":
        return _stuck(states, frames, where, watchdog)
    state = next((s for s in states if s["name"] == name), {"beats": 0, "frame_beats": 1})
    position = f"beat {state['beats']}, frame {state['beats'] // state['frame_beats']}"
    done_in = states[0]["beats"] // states[0]["frame_beats"]
    what, hint = {
        "extra": (
            f"{_called(name)} gave more beats than {frames} frames of {state['frame_beats']}",
            "look for a node that repeats a beat: it may accept while it does not advance",
        ),
        "early": (
            f"{_called(name)} completed frame {state['beats'] // state['frame_beats'] - 1} when"
            f" only {done_in} input frames were in: it gave a beat too many before",
            "look for a node that repeats a beat, or compare beats_per_frame in top.json",
        ),
        "unstable": (
            f"{_called(name)} withdrew or changed its offer before it was taken ({position})",
            "hold TVALID and TDATA until TREADY: AXI-Stream forbids anything else",
        ),
        "tap-count": (
            f"{_called(name)} passed {state['beats']} beats, not {frames} frames of"
            f" {state['frame_beats']}, though the outputs came out complete",
            "compare beats_per_frame in top.json with the node that gives this stream",
        ),
        "finish": (
            "the RTL ended the simulation itself ($finish)",
            "look for the module that calls $finish or $stop",
        ),
    }[kind]
    return CheckFailed(f"sim-{kind}", what, where, hint)


def _stuck(states: list[State], frames: int, where: str, watchdog: int) -> CheckFailed:
    given, outs = states[0], [s for s in states if s["kind"] == "output"]
    taps = [s for s in states if s["kind"] == "tap"]
    parts = []
    total_in = frames * given["frame_beats"]
    if given["beats"] < total_in and given["valid"] and not given["ready"]:
        frame, beat = divmod(given["beats"], given["frame_beats"])
        parts.append(
            f"input stream waits for tready after {given['beats']} beats"
            f" (frame {frame}, beat {beat})"
        )
    for s in outs:
        if s["beats"] < frames * s["frame_beats"]:
            frame, beat = divmod(s["beats"], s["frame_beats"])
            part = f" past beat {beat} of {s['frame_beats']}" if beat else ""
            parts.append(f"{_called(s['name'])} never got frame {frame}{part}")
    place = _place(given, taps, outs, frames)
    hint = place or "look at the nodes near the streams it names"
    if not taps:
        hint = "build the bench with --taps and run again: it then names the internal stream"
    listed = ", ".join(_row(s) for s in (given, *taps, *outs))
    return CheckFailed(
        "sim-stuck",
        f"no beat for {watchdog} cycles: {'; '.join(parts) or 'nothing moves'}",
        f"{where}; beats by stream: {listed}",
        hint,
    )


def _place(given: State, taps: list[State], outs: list[State], frames: int) -> str:
    """The node that does not pass beats on: between the last blocked and the first dry stream."""
    chain = [given, *taps]
    for up, down in zip(chain, [*taps, outs[-1]], strict=True):
        if up["valid"] and not up["ready"] and not down["valid"]:
            return (
                f"look at the node between {up['name']} (valid, not ready) and"
                f" {down['name']} (gives nothing)"
            )
    for s in taps:
        if s["beats"] < frames * s["frame_beats"]:
            owner = s["name"].split(".")[0]
            return (
                f"look at {owner}: its stream {s['name']} is the first that came short,"
                f" {s['beats']} of {frames * s['frame_beats']} beats"
            )
    return ""


def _row(s: State) -> str:
    """Beats and handshake of a stream; on one line with the others, as errors are four lines."""
    state = {(1, 1): "passing", (1, 0): "blocked", (0, 1): "dry", (0, 0): "closed"}
    return f"{s['name']} {s['beats']} {state[s['valid'], s['ready']]}"


def _called(name: str) -> str:
    return f"{name.removeprefix('m_axis_')} stream" if name.startswith("m_axis_") else name
