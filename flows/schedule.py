# SPDX-License-Identifier: Apache-2.0
"""How deep every buffer of an accelerator has to be, from a periodic schedule, without simulation.

Theory. The accelerator is a marked graph (flows/schedule_kinds.py): an event waits for earlier
events, those that bring its data and those that free the places it writes to. Let T be the clk per
frame of the slowest node. A periodic schedule gives every event of a frame a time x, and x + f * T
in frame f. It is admissible when every event comes late enough after those whose data it needs.
Take any admissible schedule and give every buffer as many places as it holds beats at its fullest.
Then the schedule also respects the places, and by induction over the events, the hardware, where
each event happens as soon as it can, makes each no later than the schedule does, shifted by the
largest delay that the outside has caused so far. So

- it never deadlocks, whatever stalls happen outside: every event has a time;
- frames leave every T clk at least, and not faster, because the slowest node needs T. The interval
  is T exactly.

This holds for every admissible schedule; delaying events is always allowed. We therefore pick the
one with small buffers. Latencies that are too large only make buffers deeper, too.

Pipelines. A kernel has one enable: while its last register waits, bubbles behind it do not close,
and a beat that comes later is late by up to the pipeline's length. That is not a marked graph. It
cannot hurt where the buffer behind has a place for every beat that is inside the pipeline: then the
last register waits, at the longest, until the time x at which the schedule starts its beat, and
what comes later is at most `latency` behind. So places are reserved from x on, not from the write
on, through all pipelines in a row with no buffer in between.

How a schedule is made. Every node obeys x[k] >= x[k-1] + gap and x[k] >= a[k], a from its inputs.
The earliest such x, over all frames at once, is a running maximum of a - k * gap and one wrap
(`earliest`); the latest that still delivers in time is the same backwards (`latest`). In the early
schedule the source is even or at full speed, a window goes at the pace of the matrix-vector unit
behind it, and all else happens as soon as it can. In the late one every event before the sink
happens as late as it can. Light layers in front of a slow one then read just in time instead of
filling what is between. Each window, and each matrix-vector unit without one, may start late; they
are tried one by one, and what makes the sum of all buffers' bits smaller stays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flows.schedule_graph import Graph, clk_per_frame
from flows.schedule_kinds import MatVec, Node, Scan, Sink, Source, Times, Window

#: clk from writing a beat into a buffer until it can be read: a FIFO with registered output
HOP = 2
#: words that every kernel keeps of an input stream that it does not store: ready is a register
SKID = 2


@dataclass(frozen=True)
class Buffer:
    """A stream and what it has to hold.

    Attributes:
        peak: beats in it at its fullest.
        beat: the beat of the frame whose arrival makes it so full.
        own: what the receiver stores itself; a window's line buffer is all of it.
        fifo: words of the FIFO in front of the receiver, 0 where none is needed.
        width: of the stream, in bits.
        line: the receiver is a window.
    """

    peak: int
    beat: int
    own: int
    fifo: int
    width: int
    line: bool = False

    @property
    def capacity(self) -> int:
        """Beats it can hold."""
        return self.own + self.fifo

    @property
    def bits(self) -> int:
        """Memory of the line buffer, which bnn_window makes 2^n words, or of the FIFO."""
        words = 1 << (self.capacity - 1).bit_length() if self.line else self.fifo
        return self.width * words


@dataclass(frozen=True)
class Sizes:
    """What size_buffers finds.

    Attributes:
        period: clk per frame of the whole, exact.
        slowest: the node that sets it.
        buffers: of every stream, by name.
        depths: words of every window's line buffer, by node.
        latency: clk from the first beat in to the last beat out in this schedule, an upper bound.
    """

    period: int
    slowest: str
    buffers: dict[str, Buffer]
    depths: dict[str, int]
    latency: int

    @property
    def fifos(self) -> dict[str, int]:
        """Streams that need a FIFO, and its words."""
        return {name: buffer.fifo for name, buffer in self.buffers.items() if buffer.fifo}

    @property
    def bits(self) -> int:
        """Bits of all line buffers and FIFOs."""
        return sum(buffer.bits for buffer in self.buffers.values())


def earliest(a: Times, gap: int, period: int) -> Times:
    """The smallest periodic x with x[k] >= a[k] and x[k] >= x[k-1] + gap."""
    c = gap * np.arange(len(a))
    u = np.maximum.accumulate(a - c)
    return np.asarray(c + np.maximum(u, u[-1] + gap * len(a) - period))


def latest(d: Times, gap: int, period: int) -> Times:
    """The largest periodic x with x[k] <= d[k] and x[k] <= x[k+1] - gap."""
    c = gap * np.arange(len(d))
    v = np.minimum.accumulate((d - c)[::-1])[::-1]
    return np.asarray(c + np.minimum(v, v[0] + period - gap * len(d)))


def fullest(reserved: Times, freed: Times, period: int) -> tuple[int, int]:
    """The most beats between `reserved` and `freed` (inclusive) of any frames, and the beat."""
    free = freed + 1
    frames = (reserved - free[0]) // period
    gone = frames * len(free) + np.searchsorted(free, reserved - frames * period, "right")
    level = 1 + np.arange(len(free)) - gone
    beat = int(level.argmax())
    return int(level[beat]), beat


class _Plan:
    """Schedules of a graph and what they cost."""

    def __init__(self, graph: Graph, even: bool) -> None:
        self.graph, self.even, self.period = graph, even, graph.period
        self.gaps = {node.name: self._gap(node) for node in graph.nodes}
        self.early = self.forward({})
        self.late = self._backward(self.early)

    def _gap(self, node: Node) -> int:
        """A window need not be faster than a unit that stores: its beats would pile up there."""
        if isinstance(node, Window):
            after = self.graph.consumer[node.outputs[0]]
            if isinstance(after, MatVec):
                return max(node.gap, min(clk_per_frame(after), self.period) // node.events)
        return node.gap

    def forward(self, release: dict[str, Times]) -> dict[str, Times]:
        """Every event as early as possible, but not before its time in `release`."""
        avail: dict[str, Times] = {}
        x = {}
        for node in self.graph.nodes:
            a = node.earliest([avail.pop(name) for name in node.inputs], self.period)
            if isinstance(node, Source):
                k = np.arange(node.beats)
                a = k * self.period // node.beats if self.even else k
            if node.name in release:
                a = np.maximum(a, release[node.name]) if node.inputs else release[node.name]
            x[node.name] = earliest(a, self.gaps[node.name], self.period)
            if not isinstance(node, Sink):
                written = node.writes(x[node.name])
                avail.update(dict.fromkeys(node.outputs, written + HOP))
        return x

    def _backward(self, x: dict[str, Times]) -> dict[str, Times]:
        """Every event as late as the sinks allow."""
        due: dict[str, Times] = {}
        late = {}
        for node in reversed(self.graph.nodes):
            if isinstance(node, Sink):
                late[node.name] = x[node.name]
            else:
                d = node.latest([due.pop(name) for name in node.outputs])
                late[node.name] = latest(d, self.gaps[node.name], self.period)
            if not isinstance(node, Source):
                for i, name in enumerate(node.inputs):
                    due[name] = node.takes(late[node.name], self.period, i)[0] - HOP
        return late

    def buffers(self, x: dict[str, Times]) -> dict[str, Buffer]:
        """What every stream holds at its fullest in a schedule."""
        found: dict[str, Buffer] = {}
        written: dict[str, Times] = {}
        lead: dict[str, int] = {}
        for node in self.graph.nodes:
            ahead = 0
            if not isinstance(node, Source):
                for i, name in enumerate(node.inputs):
                    taken, freed = node.takes(x[node.name], self.period, i)
                    buffer, through = self._buffer(
                        node, name, written[name], lead[name], taken, freed
                    )
                    found[name] = buffer
                    ahead = max(ahead, lead[name] + HOP) if through else ahead
            if not isinstance(node, Sink):
                times = node.writes(x[node.name])
                written.update(dict.fromkeys(node.outputs, times))
                lead.update(dict.fromkeys(node.outputs, node.latency + ahead))
        return found

    def _buffer(
        self, node: Node, name: str, written: Times, lead: int, taken: Times, freed: Times
    ) -> tuple[Buffer, bool]:
        """One stream; and whether its beats go through without waiting."""
        bits = self.graph.bits[name]
        keeps = isinstance(node, Window | MatVec) or not np.array_equal(taken, freed)
        if not keeps and np.array_equal(taken, written + HOP):
            peak, beat = fullest(written, freed, self.period)
            return Buffer(peak, beat, SKID, 0, bits), True
        peak, beat = fullest(written - lead, np.maximum(freed, written), self.period)
        if isinstance(node, Window):
            return Buffer(peak, beat, peak, 0, bits, line=True), False
        own = 2 * node.fold_c if isinstance(node, MatVec) else SKID
        return Buffer(peak, beat, own, max(0, peak - own), bits), False


def _cost(buffers: dict[str, Buffer]) -> tuple[int, int]:
    """Bits as they are built, then as they are needed."""
    need = sum(b.width * (b.capacity if b.line else b.fifo) for b in buffers.values())
    return sum(buffer.bits for buffer in buffers.values()), need


def _movable(graph: Graph) -> list[str]:
    """Nodes that may start late, from sink to source: units, each by its first node."""
    windows = [node for node in graph.nodes if isinstance(node, Window | Scan)]
    behind_window = {name for node in windows for name in node.outputs}
    return [
        node.name
        for node in reversed(graph.nodes)
        if isinstance(node, Window | Scan)
        or (isinstance(node, MatVec) and not behind_window & {*node.inputs})
    ]


def best_schedule(graph: Graph) -> tuple[dict[str, Times], dict[str, Buffer]]:
    """The schedule with the fewest bits in buffers of those that are tried, and its buffers."""
    best: tuple[tuple[int, int], dict[str, Times], dict[str, Buffer]] | None = None
    for even in (True, False):
        plan = _Plan(graph, even)
        sources = {node.name for node in graph.nodes if isinstance(node, Source)}
        for start in (sources, sources | {*_movable(graph)}, set[str]()):
            late, x = start, plan.forward({n: plan.late[n] for n in start})
            found = plan.buffers(x)
            bits = _cost(found)
            if best is None or bits < best[0]:
                best, base = (bits, x, found), (plan, late)
    assert best is not None
    plan, late = base
    for name in _movable(graph):
        tried = late ^ {name}
        x = plan.forward({n: plan.late[n] for n in tried})
        found = plan.buffers(x)
        bits = _cost(found)
        if bits < best[0]:
            best, late = (bits, x, found), tried
    return best[1], best[2]


def size_buffers(graph: Graph) -> Sizes:
    """Depths with which the accelerator provably runs at one frame per `period` clk.

    Args:
        graph: nodes and streams.

    Returns:
        Sizes; see the theory above for why they suffice.
    """
    x, buffers = best_schedule(graph)
    slowest = max(graph.nodes, key=clk_per_frame)
    depths = {
        node.name: buffers[node.inputs[0]].capacity
        for node in graph.nodes
        if isinstance(node, Window)
    }
    times = [x[node.name] for node in graph.nodes if isinstance(node, Source | Sink)]
    latency = max(int(t[-1]) for t in times) - min(int(t[0]) for t in times)
    return Sizes(graph.period, slowest.name, buffers, depths, latency)
