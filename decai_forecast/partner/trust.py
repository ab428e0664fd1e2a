"""When a company takes a shared forecaster: by its own network.yaml and the keys it has pinned, never by what it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from decai_forecast.errors import MalformedMessage
from decai_forecast.link import ModelCertificate, SharedModels
from decai_forecast.network import COORDINATOR
from decai_forecast.partner.context import PartnerContext
from decai_forecast.pins import Pin
from decai_forecast.strategies import strategy_of

__all__ = ["Trust"]


@dataclass(frozen=True)
class Trust:
    """``signed``: whether all who grew a model must have signed it (strategy ``exact``); ``minimum``: how many they must be at
    least; ``pins``: the keys by which the company knows them."""

    signed: bool
    minimum: int
    pins: Mapping[str, Pin]

    @classmethod
    def of(cls, company: PartnerContext) -> Trust:
        from decai_forecast.identity import Keyring  # cryptography: not when Airflow reads a DAG file

        return cls(strategy_of(company.strategy).needs_keys, company.minimum, Keyring(company.store).pins())

    def check(self, cutoff: date | None, models: SharedModels) -> None:
        """:class:`~decai_forecast.errors.MalformedMessage` or :class:`~decai_forecast.errors.FederationError` for models that
        are of another cut-off than the one they are given for, or that the companies did not sign as they are."""
        if cutoff not in (None, models.cutoff):
            raise MalformedMessage(f"the {COORDINATOR} gives the forecaster of {models.cutoff} as that of {cutoff}")
        if self.signed:
            for quantile, text in models.models.items():
                self._check_signatures(models.cutoff, quantile, text, models.certificates.get(quantile))
            if models.mean:
                self._check_signatures(models.cutoff, None, models.mean, models.mean_certificate)

    def _check_signatures(self, cutoff: date, alpha: float | None, text: str, certificate: ModelCertificate | None) -> None:
        from decai_forecast.federation.exact.certificate import Certificate, subject_of
        from decai_forecast.federation.exact.errors import Tampered

        subject = subject_of(cutoff, alpha)
        if certificate is None:
            raise Tampered(f"{subject}: no company has signed it")
        said: Mapping[str, Any] = asdict(certificate)
        keys = {name: pin.of_past(cutoff) for name, pin in self.pins.items()}
        Certificate.from_json(said).vouches(subject, text, keys, self.minimum)
