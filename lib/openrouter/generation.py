"""Usage and cost of an answer after its end.

Follows https://openrouter.ai/docs/api/api-reference/generations/get-generation.
"""

from .errors import InvalidResponse
from .events import Usage
from .transport import Bearer, Timeout, get_data
from .usage import tokens, total_cost


def get_usage(base_url: str, key: str, generation: str, *, timeout: Timeout = (5, 10)) -> Usage:
    """Fetch the usage and the cost of a generation, which may have been stopped.

    Raises `OpenRouterError` with status 404 until OpenRouter has recorded it, and what `get_data`
    raises.
    """
    data = get_data(
        f"{base_url}/api/v1/generation",
        params={"id": generation},
        auth=Bearer(key),
        timeout=timeout,
    )
    if not isinstance(data, dict):
        raise InvalidResponse(status=200)
    return Usage(
        prompt_tokens=tokens(data.get("native_tokens_prompt")),
        completion_tokens=tokens(data.get("native_tokens_completion")),
        cost=total_cost(data, data.get("total_cost"), data.get("upstream_inference_cost")),
        cached_tokens=tokens(data.get("native_tokens_cached")),
        reasoning_tokens=tokens(data.get("native_tokens_reasoning")),
    )
