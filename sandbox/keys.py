"""API keys, and the response of `GET /api/v1/key`."""

from dataclasses import dataclass
from typing import Any


@dataclass
class Key:
    """An API key. Amounts are in USD; `label` is the requested `key_label`."""

    label: str
    limit: float | None = None
    usage: float = 0.0
    revoked: bool = False

    @property
    def is_spent(self) -> bool:
        """Whether the limit is used up."""
        return self.limit is not None and self.usage >= self.limit

    def data(self, secret: str) -> dict[str, Any]:
        """Return the `data` object as OpenRouter's OpenAPI document defines it.

        Its `label` consists of the ends of the key's `secret`: `sk-or-v1-0e6...1c96`.
        """
        periods = ("", "_daily", "_weekly", "_monthly")
        return {
            "label": f"{secret[:12]}...{secret[-4:]}",
            "limit": self.limit,
            "limit_remaining": None if self.limit is None else max(0.0, self.limit - self.usage),
            "limit_reset": None,
            **{f"usage{period}": self.usage for period in periods},
            **{f"byok_usage{period}": 0 for period in periods},
            "include_byok_in_limit": False,
            "is_free_tier": False,
            "is_management_key": False,
            "is_provisioning_key": False,
            "creator_user_id": "user_sandbox",
            "expires_at": None,
            "rate_limit": {
                "requests": -1,
                "interval": "10s",
                "note": "This field is deprecated and safe to ignore.",
            },
        }
