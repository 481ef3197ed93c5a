"""The search for the highest maximum of two ends over boxes of them: see ``_mixed_ends``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from thetahat._dataclass import dataclass
from thetahat.families._censored_ends import Ends
from thetahat.families._mixed_ends import Mixed, level_beside

Array = NDArray[np.float64]
_NO_GAIN = 1e-13
"""What of a row's ℓ is of no interest any more."""
_CLOSE = 4.0 * float(np.finfo(float).eps)
_AT_ONCE = 64
_MOST_BOXES = 40_000
_FAR = 1e9
"""Times the range of all values, beyond which an end is taken for infinite: there ℓ changes by 1e-9 a row at most."""
_STEPS = 60
_HALVINGS = 40


def best_mixed_ends(
    rows: Mixed, low: float | None, high: float | None, *, whole: bool = False
) -> Ends | None:
    """The maximum over the ends that are not given; None where what is given leaves a row outside.

    Of ``whole`` numbers both ends are kept among them.
    """
    few = rows.gathered()
    shared = _shared(few, low, high)
    return _Search(few, low, high, whole=whole).run() if shared is None else shared


def _shared(rows: Mixed, low: float | None, high: float | None) -> Ends | None:
    """Ends within all rows at once, which have the probability 1 then."""
    if rows.exact_weight.size:
        return None
    start = float(np.max(rows.lows, initial=-np.inf)) if low is None else low
    stop = float(np.min(rows.highs, initial=np.inf)) if high is None else high
    if not ((rows.lows <= start).all() and (stop <= rows.highs).all() and start < stop):
        return None
    return Ends(start, stop, 0.0, (False, False))


@dataclass(slots=True)
class _Best:
    low: float
    high: float
    value: float


class _Search:
    def __init__(self, rows: Mixed, low: float | None, high: float | None, *, whole: bool) -> None:
        self.rows, self.back, self.whole = rows, rows.mirrored(), whole
        self.given = (low is not None, high is not None)
        given = [end for end in (low, high) if end is not None]
        told = [end for end in (rows.least, rows.most, *given) if np.isfinite(end)]
        every = np.concatenate([rows.kinks, self.back.kinks, told])
        self.scale = max(float(every.max() - every.min()), 1e-9 * float(np.abs(every).max()), 1e-300)
        inner = rows.innermost_of(whole=whole), -self.back.innermost_of(whole=whole)
        lowest, highest = -self.back.outermost, rows.outermost
        self.lost_from = lowest, highest
        reach = np.ceil(_FAR * self.scale) if whole else _FAR * self.scale
        self.floor = min(max(lowest, inner[1] - reach), inner[1]) if low is None else low
        self.ceiling = max(min(highest, inner[0] + reach), inner[0]) if high is None else high
        self.begin = inner[0] if high is None else high
        self.end = inner[1] if low is None else low
        self.inner = inner
        self.enough = _NO_GAIN * rows.total
        self.best = _Best(self.end, self.begin, -np.inf)
        self.ridge: tuple[float, float] | None = None

    # ---- From boxes to smaller ones --------------------------------------------------------------------------------

    def run(self) -> Ends | None:
        """Look at boxes, the most promising first, until none promises more than what was found."""
        fits = self.floor <= self.inner[1] and self.ceiling >= self.inner[0]
        if not (fits and self.floor < self.ceiling):
            return None
        self._at_corner()
        if self.end < self.begin:
            self._try(np.array([[self.end, self.begin]]))
        boxes = self._whole_plane()
        bounds = self.rows.height(boxes)
        seen = 0
        while True:
            promising = bounds > self.best.value + self.enough
            boxes, bounds = boxes[promising], bounds[promising]
            if not len(boxes) or seen > _MOST_BOXES:
                break
            chosen = np.zeros(len(boxes), dtype=bool)
            chosen[np.argpartition(-bounds, min(_AT_ONCE, len(bounds)) - 1)[:_AT_ONCE]] = True
            parts = self._parts(boxes[chosen])
            seen += int(chosen.sum())
            boxes, bounds = boxes[~chosen], bounds[~chosen]
            if len(parts):
                boxes, bounds = (
                    np.concatenate([boxes, parts]),
                    np.concatenate([bounds, self.rows.height(parts)]),
                )
        self.seen = seen
        return self._told(complete=not len(boxes))

    def _whole_plane(self) -> Array:
        boxes = [[self.floor, self.end, self.begin, self.ceiling]]
        if self.begin == self.end and not any(self.given):
            boxes = self._around(self.end)
        if not self.given[0] and np.isinf(self.lost_from[0]):
            boxes.append([-np.inf, -np.inf, self.begin, self.ceiling])
        if not self.given[1] and np.isinf(self.lost_from[1]):
            boxes.append([self.floor, self.end, np.inf, np.inf])
        return np.array(boxes)

    def _around(self, place: float) -> list[list[float]]:
        """All but ends so near a place, where rows begin and others end, that only their proportion counts."""
        rows = self.rows
        ends = [
            _nearest(mine.kinks, at, far)
            for mine, at, far in (
                (self.back, -place, -self.floor),
                (rows, place, self.ceiling),
            )
        ]
        near_low, near_high = -ends[0], ends[1]
        left = float(rows.weight[(rows.highs == place) & (rows.exits > place)].sum())
        right = float(rows.weight[(rows.lows == place) & (rows.entries < place)].sum())
        # Of what lies between the ends, the part below the place.
        share = left / (left + right) if left + right > 0.0 else 0.5
        size = 0.5 * min(place - near_low, near_high - place)
        self._try(np.array([[place - share * size, place + (1.0 - share) * size]]))
        self.ridge = self.best.low, self.best.high
        return [
            [self.floor, near_low, place, self.ceiling],
            [near_low, place, near_high, self.ceiling],
        ]

    def _try(self, points: Array) -> None:
        """Points (low, high) as candidates."""
        values = self.rows.height(points[:, [0, 0, 1, 1]])
        at = int(np.argmax(values))
        # Along a ridge ℓ is the same but for rounding.
        on_ridge = (self.best.low, self.best.high) == self.ridge
        if values[at] > self.best.value + (self.enough if on_ridge else 0.0):
            self.best = _Best(float(points[at, 0]), float(points[at, 1]), float(values[at]))

    def _parts(self, boxes: Array) -> Array:
        """What remains of boxes: a side, halves, or nothing."""
        boxes = boxes.copy()
        kept = np.ones(len(boxes), dtype=bool)
        slopes = [self.rows.slopes(boxes), -self.back.slopes(-boxes[:, ::-1])[:, ::-1]]
        peaks = {2: self.rows.peaks, 0: -self.back.peaks}
        edges = {2: (self.begin, self.ceiling), 0: (self.floor, self.end)}
        for first, found in ((2, slopes[0]), (0, slopes[1])):
            near, far = boxes[:, first].copy(), boxes[:, first + 1].copy()
            wide = near < far
            for moves, strictly, side in (
                (found[:, 0] >= 0.0, found[:, 0] > 0.0, far),
                (found[:, 1] <= 0.0, found[:, 1] < 0.0, near),
            ):
                shrinks = wide & moves
                counts = ~strictly | np.isin(side, peaks[first]) | np.isin(side, edges[first])
                kept &= ~shrinks | counts
                boxes[shrinks, first] = boxes[shrinks, first + 1] = side[shrinks]
                wide &= ~shrinks
        boxes, slopes = boxes[kept], [found[kept] for found in slopes]
        return self._halves(boxes, slopes) if len(boxes) else boxes

    def _halves(self, boxes: Array, slopes: list[Array]) -> Array:
        widths = np.stack([boxes[:, 1] - boxes[:, 0], boxes[:, 3] - boxes[:, 2]], axis=1)
        size = np.abs(boxes).max(axis=1, initial=0.0, where=np.isfinite(boxes))
        least = 1.0 if self.whole else 0.0
        done = (np.nan_to_num(widths) <= np.maximum(least, (not self.whole) * _CLOSE * size)[:, None]).all(
            axis=1
        )
        if done.any():
            corners = boxes[done]
            self._try(np.concatenate([corners[:, [i, j]] for i in (0, 1) for j in (2, 3)]))
        boxes, widths = boxes[~done], widths[~done]
        ranges = np.stack([np.diff(slopes[1][~done])[:, 0], np.diff(slopes[0][~done])[:, 0]], axis=1)
        parts = []
        middles = []
        for box, width, spread in zip(boxes, np.nan_to_num(widths), ranges, strict=True):
            inside = [self._kinks_inside(box, first) for first in (0, 2)]
            if not self.whole and not (inside[0].size or inside[1].size):
                found = _peak(self.rows, self.back, box)
                if found is not None:
                    self._try(np.array([found]))
                    continue
            doubt = np.where(
                width > least, width * np.minimum(np.nan_to_num(spread, nan=np.inf), 1e300), -1.0
            )
            if np.isclose(doubt[0], doubt[1], rtol=1e-3) or (doubt >= 1e250).all():
                doubt = width
            first = 2 * int(np.argmax(doubt))
            kinks = inside[first // 2]
            near, far = box[first], box[first + 1]
            at = float(kinks[kinks.size // 2]) if kinks.size else near + 0.5 * (far - near)
            if self.whole:
                at = float(np.floor(at))
            one, other = box.copy(), box.copy()
            one[first + 1] = other[first] = at
            parts += [one, other]
            middles.append(
                [one[1] if first == 0 else 0.5 * (box[0] + box[1]), at if first else 0.5 * (box[2] + box[3])]
            )
        if middles:
            points = np.array(middles)
            self._try(np.floor(points) if self.whole else points)
        return np.array(parts) if parts else np.zeros((0, 4))

    def _kinks_inside(self, box: Array, first: int) -> Array:
        near, far = box[first], box[first + 1]
        kinks = self.rows.kinks if first else -self.back.kinks[::-1]
        return kinks[np.searchsorted(kinks, near, "right") : np.searchsorted(kinks, far, "left")]

    # ---- At infinity, and in words ---------------------------------------------------------------------------------

    def _at_corner(self) -> None:
        """ℓ as both ends recede, in the proportion that is best."""
        rows = self.rows
        if any(self.given) or not np.isinf(self.lost_from).all():
            return
        below, above = np.isneginf(rows.lows), np.isposinf(rows.highs)
        endless = np.isneginf(rows.entries), np.isposinf(rows.exits)
        if np.isinf(rows.exact_entries).any() or np.isinf(rows.exact_exits).any():
            return
        lost = (endless[0] & ~below & ~(endless[1] & above)) | (endless[1] & ~above & ~(endless[0] & below))
        if lost.any():
            return
        left = float(rows.weight[endless[0] & endless[1] & below].sum())
        right = float(rows.weight[endless[0] & endless[1] & above].sum())
        shares = sum(part * float(np.log(part / (left + right))) for part in (left, right) if part > 0.0)
        inside = ~(endless[0] | endless[1])
        with np.errstate(all="ignore"):
            parts = (rows.highs - rows.lows)[inside] / (rows.exits - rows.entries)[inside]
            widths = rows.exact_exits - rows.exact_entries
            value = (
                shares
                + float(rows.weight[inside] @ np.log(parts))
                - float(rows.exact_weight @ np.log(widths))
            )
        self.best = _Best(-np.inf, np.inf, value)

    def _told(self, *, complete: bool) -> Ends | None:
        best, rows = self.best, self.rows
        if not np.isfinite(best.value):
            return None
        if np.isinf(best.low) or np.isinf(best.high):
            return Ends(best.low, best.high, best.value, (False, False), complete=complete)
        bare = rows.exact_weight.size > 0
        at_row = bare and best.low == rows.least, bare and best.high == rows.most
        at_kink = bool(np.isin(best.low, -self.back.peaks)), bool(np.isin(best.high, rows.peaks))
        held = at_row[0] or at_kink[0], at_row[1] or at_kink[1]
        if (best.low, best.high) == self.ridge:
            return Ends(best.low, best.high, best.value, (False, False), lost=(True, True), complete=complete)
        lost = self.back.inert(-best.high, -best.low), rows.inert(best.low, best.high)
        gone = rows.vanishing(best.low, best.high)
        here, there = (not given for given in self.given)
        neared = (
            here and gone and best.low == -self.back.innermost,
            there and gone and best.high == rows.innermost,
        )
        for end in (0, 1):
            ends = (
                level_beside(rows, self.back, best.low, best.high, best.value, end) if neared[end] else None
            )
            if ends is not None:
                others = here and held[0] and end == 1, there and held[1] and end == 0
                return Ends(*ends, best.value, others, lost=(end == 0, end == 1), complete=complete)
        return Ends(
            best.low,
            best.high,
            best.value,
            (here and (held[0] or self.whole), there and (held[1] or self.whole)),
            lost=(here and lost[0], there and lost[1]),
            neared=neared,
            complete=complete,
        )


def _nearest(kinks: Array, place: float, otherwise: float) -> float:
    """The next kink above a place."""
    beyond = kinks[kinks > place]
    return float(beyond[0]) if beyond.size else otherwise


def _peak(rows: Mixed, back: Mixed, box: Array) -> tuple[float, float] | None:
    """The maximum in a box without kinks inside over which ℓ is concave; None where that is not shown."""
    free = np.array([box[0] < box[1], box[2] < box[3]])
    if not np.isfinite(box).all():
        return None
    bends = _bends(rows, back, box)
    if not ((bends[:2] < 0.0) | ~free).all():
        return None
    if free.all() and not bends[0] * bends[1] > bends[2] ** 2:
        return None
    at_rows = _Smooth(rows, box)
    lower, upper = box[[0, 2]], box[[1, 3]]
    at = 0.5 * (lower + upper)
    value, slope, bend = at_rows(at)
    for _ in range(_STEPS):
        outwards = ((at <= lower) & (slope < 0.0)) | ((at >= upper) & (slope > 0.0))
        moving = free & ~outwards
        if not moving.any():
            break
        step = np.zeros(2)
        step[moving] = np.linalg.solve(-bend[np.ix_(moving, moving)], slope[moving])
        length = 1.0
        for _ in range(_HALVINGS):
            there = np.clip(at + length * step, lower, upper)
            found = at_rows(there)
            if found[0] >= value:
                break
            length *= 0.5
        else:
            break
        moved = np.abs(there - at)
        at, (value, slope, bend) = there, found
        if (moved <= 0.25 * _CLOSE * np.abs(at)).all():
            break
    return float(at[0]), float(at[1])


def _bends(rows: Mixed, back: Mixed, box: Array) -> Array:
    """At most what the curvatures in low and high are over a box without kinks, and the size of the mixed one."""
    low, latest, first, high = (float(end) for end in box)
    with np.errstate(all="ignore"):
        upper = _bend(rows, low, latest, first, high)
        lower = _bend(back, -high, -first, -latest, -low)
        narrow = np.minimum(rows.exits, first) - np.maximum(rows.entries, latest)
        both = (rows.exits >= high) & (rows.entries <= low) & ~((rows.highs >= high) & (rows.lows <= low))
        mixed = float(np.where(both, 1.0 / np.square(np.maximum(narrow, 0.0)), 0.0) @ rows.weight)
        whole = (rows.exact_exits >= high) & (rows.exact_entries <= low)
        mixed += float(rows.exact_weight[whole].sum()) / max(first - latest, 0.0) ** 2 if whole.any() else 0.0
    return np.array([lower, upper, mixed])


def _bend(rows: Mixed, low: float, latest: float, first: float, high: float) -> float:
    a, e, x = rows.lows, rows.entries, rows.exits
    most = high - np.maximum(a, low)
    missed = np.where(a > latest, a - np.maximum(e, latest), 0.0)
    shares = np.where(missed > 0.0, np.square(1.0 / (most + missed)) - np.square(1.0 / most), 0.0)
    whole = np.maximum(np.minimum(x, first) - np.maximum(e, latest), 0.0)
    fall = np.where(x >= high, 1.0 / np.square(whole), 0.0)
    width = np.maximum(np.minimum(rows.exact_exits, first) - np.maximum(rows.exact_entries, latest), 0.0)
    exact = np.where(rows.exact_exits >= high, 1.0 / np.square(width), 0.0)
    return float(np.where(rows.highs >= high, shares, fall) @ rows.weight + exact @ rows.exact_weight)


class _Smooth:
    """ℓ with its derivatives in a box without kinks inside."""

    def __init__(self, rows: Mixed, box: Array) -> None:
        low, _, _, high = box
        # Rows that are all of what their limits leave change nothing.
        missing = (rows.lows > np.maximum(rows.entries, low)) | (rows.highs < np.minimum(rows.exits, high))
        self.rows = rows = replace(
            rows,
            lows=rows.lows[missing],
            highs=rows.highs[missing],
            entries=rows.entries[missing],
            exits=rows.exits[missing],
            weight=rows.weight[missing],
        )
        self.low_counts, self.high_counts = rows.lows <= low, rows.highs >= high
        self.entry_past, self.exit_past = rows.entries <= low, rows.exits >= high
        self.exact_entry_past, self.exact_exit_past = rows.exact_entries <= low, rows.exact_exits >= high

    def __call__(self, at: Array) -> tuple[float, Array, Array]:
        low, high = float(at[0]), float(at[1])
        rows = self.rows
        value = float(rows.height(np.array([[low, low, high, high]]))[0])
        covered = np.minimum(rows.highs, high) - np.maximum(rows.lows, low)
        whole = np.minimum(rows.exits, high) - np.maximum(rows.entries, low)
        exact = np.minimum(rows.exact_exits, high) - np.maximum(rows.exact_entries, low)
        slope, bend = np.zeros(2), np.zeros((2, 2))
        for width, weight, here, there in (
            (covered, rows.weight, self.low_counts, self.high_counts),
            (whole, -rows.weight, self.entry_past, self.exit_past),
            (exact, -rows.exact_weight, self.exact_entry_past, self.exact_exit_past),
        ):
            with np.errstate(all="ignore"):
                one = weight / width
                two = one / width
            slope += [-one[here].sum(), one[there].sum()]
            bend -= [
                [two[here].sum(), -two[here & there].sum()],
                [-two[here & there].sum(), two[there].sum()],
            ]
        return value, slope, bend
