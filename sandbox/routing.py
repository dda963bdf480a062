"""The routing that the last chunk of an answer describes, if the request asks for it."""

from typing import Any

from sandbox.special_models import FAILED_ATTEMPTS


def routing(requested: str, model: str, failures: list[tuple[str, int]]) -> dict[str, Any]:
    """Return `openrouter_metadata`; `failures` are models that failed before, with their statuses."""
    attempts: list[dict[str, Any]] = [
        *({"provider": "Sandbox", "model": name, "status": status} for name, status in failures),
        *(
            {"provider": provider, "model": model, "status": status}
            for provider, status in FAILED_ATTEMPTS.get(model, ())
        ),
        {"provider": "Sandbox", "model": model, "status": 200},
    ]
    available = [
        {"provider": one["provider"], "model": one["model"], "selected": one["status"] == 200}
        for one in attempts
    ]
    strategy = "auto" if requested == "openrouter/auto" else "fallback" if failures else "direct"
    return {
        "openrouter_metadata": {
            "requested": requested,
            "strategy": strategy,
            "region": "fra",
            "summary": f"available={len(attempts)}, selected=Sandbox",
            "attempt": len(attempts),
            "is_byok": False,
            "attempts": attempts,
            "endpoints": {"total": len(available), "available": available},
        }
    }
