"""What each error means to a user: what happened, what to do, and what does it.

The names are OpenRouter's (https://openrouter.ai/docs/api-reference/errors), or those of
lib/openrouter/error_causes.py. When a request is repeated is in lib/openrouter/errors.py.
"""

from typing import Literal, NamedTuple

from lib.chat.conversation import Remedy

Link = Literal["", "credits", "key", "privacy", "providers", "preferences"]


class Row(NamedTuple):
    """A sentence, the page that helps, and how the question can be sent again.

    The sentence may contain `{provider}`, `{renewal}`, `{wait}` and `{budget}`. With `is_shorter`, a
    shorter answer is offered.
    """

    sentence: str
    link: Link = ""
    remedy: Remedy = ""
    is_shorter: bool = False


_IN_FLIGHT = Row(
    "Requests that are still running hold the credit that this one needs. Try again once they have "
    "ended, or send it again for a shorter answer.",
    is_shorter=True,
)
_DAILY = Row(
    "Your requests to free models are used up for today. {renewal} Until then choose a model that "
    "costs something, or add credits: after buying 10, you have 1,000 free requests a day.",
    "credits",
)
_TOO_LONG = Row(
    "The conversation is too long for this model. Start a new chat, delete some of this one, or "
    "choose a model with a longer context."
)
_IMAGE_UNREADABLE = Row(
    "An image in this conversation could not be read. Send it again without the files, or attach "
    "another one.",
    remedy="without_files",
)
_OVERLOADED = Row(
    "The model's provider is overloaded. Try again in a minute, or choose another model."
)
_UNREACHED = Row("OpenRouter could not be reached just now. Try again in a moment.")
_SLOW = Row("The model's provider took too long. Try again in a moment.")
_NO_ANSWER = Row("The model's provider gave no usable answer. Try again in a moment.")

TABLE: dict[str | int, Row] = {
    # 400
    "model_not_found": Row(
        "OpenRouter has no model of this name. Choose another model, then try again."
    ),
    "wrong_endpoint": Row("This model is not made for chats. Choose another model."),
    "context_length_exceeded": _TOO_LONG,
    "token_limit_exceeded": _TOO_LONG,
    "string_too_long": _TOO_LONG,
    "max_tokens_exceeded": Row(
        "The longest answer that was asked for is more than this model gives. Send it again for a "
        "shorter answer, or lower the maximum in the settings of the model.",
        is_shorter=True,
    ),
    "content_policy_violation": Row(
        "{provider} declined this message because of its content. Change it, and send it again."
    ),
    "refusal": Row("The model refused to answer. Change the message, or choose another model."),
    "invalid_image": _IMAGE_UNREADABLE,
    "image_not_found": _IMAGE_UNREADABLE,
    "image_download_failed": _IMAGE_UNREADABLE,
    "image_too_large": Row(
        "An image in this conversation is too large for this model. Send it again with smaller "
        "images, or choose another model.",
        remedy="smaller_images",
    ),
    "image_too_small": Row(
        "An image in this conversation is too small for this model. Send it again without the "
        "files, or attach a larger one.",
        remedy="without_files",
    ),
    "unsupported_image_format": Row(
        "This model does not take images of this format. Send it again with converted, smaller "
        "images, or choose another model.",
        remedy="smaller_images",
    ),
    400: Row(
        "OpenRouter could not use this request. Change the message or the model, then try again."
    ),
    # 401
    "provider_key_rejected": Row(
        "{provider} did not accept the key that you have entered at OpenRouter for that provider. "
        "Check it there, or choose another model. You are still signed in.",
        "providers",
    ),
    401: Row(
        "OpenRouter did not recognise your key just now, but you are still signed in. Try again."
    ),
    # 402
    "in_flight_budget_exhausted": _IN_FLIGHT,
    "openrouter_in_flight_budget": _IN_FLIGHT,
    "weight_exceeds_budget": Row(
        "This request alone may cost more than what is left. Send it again for a shorter answer, "
        "or start a new chat: a long one costs more with each question.",
        "credits",
        is_shorter=True,
    ),
    "openrouter_key_limit": Row(
        "The limit of your key is spent. Raise it in the key's settings, then try again.", "key"
    ),
    "prompt_tokens_limit": Row(
        "This conversation is too long for what is left. Start a new chat, which costs less, or "
        "raise the limit of your key, or add credits.",
        "credits",
    ),
    "provider_payment_required": Row(
        "{provider} asks for payment of its own. If you have an account there, add credit to it; "
        "otherwise choose another model."
    ),
    402: Row("There is not enough credit for this answer. Add credits, then try again.", "credits"),
    # 403
    "moderation": Row(
        "{provider} declined this message in its moderation. Change it, and send it again."
    ),
    "region_restricted": Row(
        "This model is not available in your region. Choose another model, then try again."
    ),
    "provider_terms": Row(
        "{provider} says that this request is against its terms. Choose another model, or another "
        "provider in your settings at OpenRouter.",
        "preferences",
    ),
    "openrouter_guardrail_budget": Row(
        "A budget that an admin has set for your key is used up{budget}.{renewal} Only the admin of "
        "your workspace can raise it."
    ),
    "openrouter_workspace_budget": Row(
        "The budget of your workspace is used up{budget}.{renewal} Only its admin can raise it."
    ),
    403: Row(
        "OpenRouter does not allow this request: a rule of your account or key forbids it.", "key"
    ),
    # 404
    "tool_use_unsupported": Row(
        "No provider of this model can search the web. Turn the web search off, or choose another "
        "model."
    ),
    "image_input_unsupported": Row(
        "This model does not take images, and this conversation has some. Choose another model, or "
        "send it again without the files.",
        remedy="without_files",
    ),
    "file_input_unsupported": Row(
        "This model does not take the files of this conversation. Choose another model, or send it "
        "again without the files.",
        remedy="without_files",
    ),
    "output_modalities_unsupported": Row(
        "No provider of this model makes what was asked for, such as images together with text. "
        "Choose another model."
    ),
    "free_variant_ended": Row(
        "This model is no longer offered for free. Choose another model, or the one that costs."
    ),
    "privacy_restricted": Row(
        "Your privacy settings exclude every provider of this model. Change them, or choose another "
        "model.",
        "privacy",
    ),
    "constraint_filtered": Row(
        "Your settings leave no provider of this model. Change them, or choose another model.",
        "preferences",
    ),
    "model_deprecated": Row("This model is no longer offered. Choose another model."),
    "model_unavailable_upstream": Row(
        "The provider no longer offers this model. Choose another model."
    ),
    404: Row("No provider offers this model right now. Choose another model, or try again later."),
    # Others
    408: Row("The model took too long to begin. Try again in a moment."),
    "payload_too_large": Row(
        "The conversation is too large for this model. Start a new chat, or send a shorter message."
    ),
    413: Row(
        "The conversation is too large for this model. Start a new chat, or send a shorter message."
    ),
    422: Row("The model could not process this message. Change it, and send it again."),
    "free_models_per_day_high_balance": Row(
        "Your requests to free models are used up for today, also the additional ones that you have "
        "for buying credits. {renewal} Until then choose a model that costs something."
    ),
    "free_models_per_day": _DAILY,
    "openrouter_free_tier_daily": _DAILY,
    "free_models_per_min": Row(
        "A free model takes only some requests a minute. Try again {wait}, or choose a model that "
        "costs something."
    ),
    "capacity_exhausted": Row(
        "Every provider of this model is busy. Try again {wait}, or choose another model."
    ),
    "upstream_provider_shared_pool": Row(
        "{provider} is busy with the requests of others. Try again {wait}, or choose another model."
    ),
    429: Row("Too many requests for now. Try again {wait}."),
    500: Row("OpenRouter has a problem of its own at the moment. Try again in a minute."),
    502: _NO_ANSWER,
    **dict.fromkeys((520, 521, 522, 523), _UNREACHED),
    "provider_overloaded": _OVERLOADED,
    503: Row("No provider is free for this model right now. Try again {wait}."),
    504: _SLOW,
    524: _SLOW,
    529: _OVERLOADED,
}
"""By the cause if it has a row, otherwise by the status."""
QUOTED = frozenset({400, 403, 404, 422})
"""Statuses of which our sentence says little: the provider's own words are added to it."""
