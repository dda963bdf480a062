"""API keys, and the response of `GET /api/v1/key`."""

from dataclasses import dataclass, field
from typing import Any

FREE_REQUESTS_A_DAY = 50
KEYS = {
    "asked": "the limit above",
    "no-limit": "no limit, whatever the app asks for",
    "bounded": "a monthly limit, an expiry, and a workspace budget",
}
"""What a new key can be, on the consent page."""
_BOUNDS = {
    "limit_reset": "monthly",
    "expires_at": "2099-12-31T23:59:59Z",
    "budgets": [
        {
            "scope": "workspace",
            "limit_usd": 50,
            "remaining_usd": 12.5,
            "resets_at": "2099-01-01T00:00:00Z",
        }
    ],
}


@dataclass
class Key:
    """An API key. Amounts are in USD; `label` is the requested `key_label`.

    `more` are further fields of its data: `limit_reset`, `expires_at`, `budgets`.
    """

    label: str
    limit: float | None = None
    usage: float = 0.0
    revoked: bool = False
    free_requests_used: int = 0
    open_streams: int = 0
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def is_spent(self) -> bool:
        """Whether the limit is used up."""
        return self.limit is not None and self.usage >= self.limit

    def data(self, secret: str) -> dict[str, Any]:
        """Return the `data` object as OpenRouter's OpenAPI document and limits page define it.

        Its `label` consists of the ends of the key's `secret`: `sk-or-v1-0e6...1c96`.
        """
        periods = ("", "_daily", "_weekly", "_monthly")
        budgets = self.more.get("budgets", [])
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
            "free_model_daily_requests": {
                "used": self.free_requests_used,
                "limit": FREE_REQUESTS_A_DAY,
                "remaining": max(0, FREE_REQUESTS_A_DAY - self.free_requests_used),
            },
            "budgets": budgets,
            "effective_budget": min(budgets, key=lambda each: each["remaining_usd"], default=None),
            "rate_limit": {
                "requests": -1,
                "interval": "10s",
                "note": "This field is deprecated and safe to ignore.",
            },
            **self.more,
        }


def new_key(kind: str, label: str, limit: float | None) -> Key:
    """Return a key of one of `KEYS`."""
    match kind:
        case "no-limit":
            return Key(label)
        case "bounded":
            return Key(label, limit or 30.0, more=dict(_BOUNDS))
    return Key(label, limit)
