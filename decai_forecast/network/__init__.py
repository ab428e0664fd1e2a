"""A network of companies: who takes part, in which role, where each one's store is, and what the network agreed on."""

from decai_forecast.network.agreement import NETWORK, SEED, Agreement
from decai_forecast.network.between_keys import notes_of
from decai_forecast.network.channels import Channel, MailChannel, WebhookChannel
from decai_forecast.network.network import FILE, Network, default_home
from decai_forecast.network.participants import COORDINATOR, Participant, valid_id
from decai_forecast.network.terms import Assumptions, LinkTerms, Privacy
from decai_forecast.network.windows import Coverage, Windows

__all__ = [
    "COORDINATOR", "FILE", "NETWORK", "SEED", "Agreement", "Assumptions", "Channel", "Coverage",
    "LinkTerms", "MailChannel", "Network", "Participant", "Privacy", "WebhookChannel", "Windows", "default_home", "notes_of",
    "valid_id",
]  # fmt: skip
