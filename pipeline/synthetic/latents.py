"""What a movement sensor would show: exact, and blurred by what a recording allows.

The exact latents are a mixture over kinds of movement, normal within each kind, with three widths for heavy tails;
amplitudes follow severity and its course. Blurring adds normal errors: of an amplitude by device and duration; of all
others by the Cramer-Rao bound of a sine of the amplitude that was *measured*, so that the error is known to whoever
reads the recording, and the likelihood of blurred latents keeps a closed form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from pipeline.recipe import Recipe
from pipeline.synthetic.classes import Mix
from pipeline.synthetic.devices import DEVICES, Device
from pipeline.synthetic.figures import SEVERITY_RISE_Y
from pipeline.synthetic.logs import log_of
from pipeline.synthetic.movement_figures import FOLLOW_SEVERITY, KINDS, LATENTS, SEVERITY_SLOPE, kind_weights

TAIL_WIDTHS = np.array([1.0, 2.0, 4.0])

_STEADY = len(LATENTS) - FOLLOW_SEVERITY
_AMPLITUDES = slice(_STEADY, len(LATENTS))
_OF_HEAD = np.array(["head" in name for name in LATENTS])
_IS_FREQUENCY = np.array([name.endswith("_hz") for name in LATENTS])
_FREQUENCY, _IRREGULARITY = LATENTS.index("frequency_hz"), LATENTS.index("irregularity_log")

_FREQUENCY_FLOOR_HZ, _LOG_FLOOR = 0.25, 0.20
"""A: errors that no signal is too strong for, such as drift and a sensor that sits loosely."""

_LARGEST_HZ, _LARGEST_LOG = 6.0, 3.0
"""Errors where there is nothing to measure: as wide as the band."""

_LOG_ERROR_OF_NOISE = 12.0
"""A: error of a log ratio in units of noise over amplitude; ratios and indices need several estimates of each."""

_LIES_AT_HZ = {"harmonic_log": 12.0, "jerks_log": 10.0}
_LEAST_PASSED = 0.9
"""A: where an overtone, and what jerks have beyond a tremor, lies. A slow sensor's filter lets less than this share of
it through, and what is told of it is the less exact; a smaller loss is within the floor."""

_LEAST_SEEN = 0.35
"""A: share of the full amplitude below which nobody comes to the clinic."""

_MILLI = 1e-3


@dataclass(frozen=True)
class LatentModel:
    """The mixture over kinds of movement.

    Attributes
    ----------
    weights : ndarray, shape (classes, kinds)
    mean, sd : ndarray, shape (kinds, latents)
    tails : ndarray, shape (3,)
        Share of visits at each of `TAIL_WIDTHS`.
    noise_mg, record_s : ndarray, shape (centres,)
        Density of the sensor's noise in milli-g / sqrt(Hz), and seconds of a recording.
    blunter : ndarray, shape (centres, latents)
        By what a slow sensor multiplies the error of each latent.
    """

    weights: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    tails: np.ndarray
    noise_mg: np.ndarray
    record_s: np.ndarray
    blunter: np.ndarray


def latent_model(mix: Mix, recipe: Recipe) -> LatentModel:
    """Tabulate the mixture for the classes and clinics of a recipe."""
    table = np.array(list(KINDS.values()))
    mean, sd = table[..., 0], table[..., 1]
    middle = mean.mean(axis=0)
    mean = middle + recipe.separation * (mean - middle)
    weights = np.array([[kind_weights(pair)[kind] for kind in KINDS] for pair in mix.pairs])
    if recipe.twist:
        mean, sd, weights = _twisted(mean, sd, weights, recipe.twist)
    return LatentModel(
        weights,
        mean,
        sd,
        np.array(recipe.heavy_tails),
        np.array([DEVICES[centre.device].noise_ug * _MILLI for centre in recipe.centres]),
        np.array([centre.record_s for centre in recipe.centres]),
        np.array([[_blunter(DEVICES[centre.device], name) for name in LATENTS] for centre in recipe.centres]),
    )


def _blunter(device: Device, latent: str) -> float:
    passed = device.passes(_LIES_AT_HZ[latent]) if latent in _LIES_AT_HZ else 1.0
    return 1 / passed if passed < _LEAST_PASSED else 1.0


def _twisted(mean: np.ndarray, sd: np.ndarray, weights: np.ndarray, twist: float) -> tuple[np.ndarray, ...]:
    """Split each kind in two, along one diagonal of frequency and irregularity or the other by turns."""
    shift = np.zeros_like(mean)
    shift[:, _FREQUENCY] = twist * sd[:, _FREQUENCY]
    shift[:, _IRREGULARITY] = twist * sd[:, _IRREGULARITY] * np.where(np.arange(len(mean)) % 2, 1, -1)
    return np.vstack([mean - shift, mean + shift]), np.vstack([sd, sd]), np.hstack([weights, weights]) / 2


def risen_log(years: np.ndarray) -> np.ndarray:
    """Return the log of the share of full severity that is reached at these years since onset."""
    return np.log(np.maximum(1 - np.exp(-years / SEVERITY_RISE_Y), 0.02))


def seen_log(years: np.ndarray) -> np.ndarray:
    """Return what the course of severity adds to a log amplitude: at its onset a tremor is small, but there to see."""
    return np.maximum(risen_log(years), np.log(_LEAST_SEEN))


def draw_latents(
    model: LatentModel, pair: np.ndarray, severity: np.ndarray, years: np.ndarray, uniform: np.ndarray
) -> np.ndarray:
    """Draw the exact latents of visits.

    Parameters
    ----------
    uniform : ndarray, shape (visits, 2 + len(LATENTS))

    Returns
    -------
    ndarray, shape (visits, len(LATENTS))
    """
    ends = np.cumsum(model.weights, axis=1)[:, :-1]
    kind = (ends[pair] <= uniform[:, [0]]).sum(axis=1)
    width = TAIL_WIDTHS[(np.cumsum(model.tails)[:-1] <= uniform[:, [1]]).sum(axis=1)]
    latents = model.mean[kind] + width[:, None] * model.sd[kind] * ndtri(uniform[:, 2:])
    latents[:, _AMPLITUDES] += (SEVERITY_SLOPE * severity + seen_log(years))[:, None]
    return latents


def amplitude_error(model: LatentModel, centre: np.ndarray) -> np.ndarray:
    """Return the error of both log amplitudes at these clinics: one error for all strengths."""
    return np.hypot(_LOG_FLOOR, model.noise_mg[centre] / np.sqrt(model.record_s[centre]))


def errors(model: LatentModel, centre: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """Return the error of each latent, given the amplitudes that were measured.

    A sine of amplitude A in white noise of density n, over T seconds: sd(f) >= sqrt(3) n / (pi A T^1.5) (Cramer-Rao;
    Rife and Boorstyn 1974). What a slow sensor's filter takes away is the less exact.

    Returns
    -------
    ndarray, shape (visits, len(LATENTS))
    """
    noise, seconds = model.noise_mg[centre], model.record_s[centre]
    amplitude = np.exp(measured[:, _AMPLITUDES])
    share = noise[:, None] / amplitude
    hertz = np.sqrt(3) / np.pi * share / seconds[:, None] ** 1.5
    logs = _LOG_ERROR_OF_NOISE * share / np.sqrt(seconds)[:, None]
    hertz = np.minimum(np.hypot(_FREQUENCY_FLOOR_HZ, hertz), _LARGEST_HZ)
    logs = np.minimum(np.hypot(_LOG_FLOOR, logs), _LARGEST_LOG)
    by_place = np.where(_IS_FREQUENCY[None, :, None], hertz[:, None, :], logs[:, None, :])
    found = np.where(_OF_HEAD, by_place[:, :, 1], by_place[:, :, 0]) * model.blunter[centre]
    found[:, _AMPLITUDES] = amplitude_error(model, centre)[:, None]
    return found


def blur(model: LatentModel, centre: np.ndarray, latents: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Return the latents as a recording would show them; `uniform` has the shape of `latents`."""
    noise = ndtri(uniform)
    measured = latents.copy()
    measured[:, _AMPLITUDES] += amplitude_error(model, centre)[:, None] * noise[:, _AMPLITUDES]
    sd = errors(model, centre, measured)
    measured[:, :_STEADY] += sd[:, :_STEADY] * noise[:, :_STEADY]
    return measured


def likelihood(
    model: LatentModel, latents: np.ndarray, error: np.ndarray | None, years: np.ndarray, severity: np.ndarray
) -> np.ndarray:
    """Return the density of latents in each class and at each node of severity, up to a factor of the visit's own.

    Parameters
    ----------
    model : LatentModel
    latents : ndarray, shape (visits, len(LATENTS))
    error : ndarray, shape (visits, len(LATENTS)), optional
        What blurred them; exact without it.
    years : ndarray, shape (visits,)
        Since onset.
    severity : ndarray, shape (nodes,)

    Returns
    -------
    ndarray, shape (visits, classes, nodes)
    """
    used = np.flatnonzero(model.tails)
    variance = (model.sd[:, None, :] * TAIL_WIDTHS[used][:, None]) ** 2  # kinds, tails, latents
    variance = variance[None] if error is None else variance[None] + np.square(error)[:, None, None, :]
    gap = latents[:, None, None, :] - model.mean[None, :, None, :]
    # the normaliser is that of all; only amplitudes depend on severity, by a polynomial of second degree
    base = -0.5 * (gap**2 / variance).sum(axis=-1) - 0.5 * np.log(variance).sum(axis=-1)
    base = (base + log_of(model.tails[used]))[..., None]  # visits, kinds, tails, nodes
    first = (gap / variance)[..., _AMPLITUDES].sum(axis=-1)[..., None]
    second = (-0.5 / variance)[..., _AMPLITUDES].sum(axis=-1)[..., None]
    above = ((SEVERITY_SLOPE * severity)[None, :] + seen_log(years)[:, None])[:, None, None, :]
    total = second * above
    total += first
    total *= above
    total += base
    total -= total.max(axis=(1, 2, 3), keepdims=True)
    by_kind = np.exp(total, out=total).sum(axis=2)  # visits, kinds, nodes
    return np.matmul(model.weights, by_kind)
