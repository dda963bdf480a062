r"""OpenRouter's HTTP API in plain typed Python: chat, models, the account behind a key.

It needs only `requests`, with `urllib3` 2.2 or later, and reads neither settings nor the environment: copy the folder into any
app. With a key in `OPENROUTER_API_KEY`:

    import os
    from openrouter import ChatMessage, ChatRequest, Completion, OpenRouterError, TextDelta, Usage

    def ask(question: str, *, stream: bool) -> None:
        message = ChatMessage(role="user", content=question)
        request = ChatRequest("openrouter/auto", [message], stream=stream)
        with Completion("https://openrouter.ai", os.environ["OPENROUTER_API_KEY"], request) as events:
            for event in events:
                match event:
                    case TextDelta(text): print(text, end="", flush=True)
                    case Usage(cost=cost): print(f"\n{cost} USD")

    try:
        ask("Hello?", stream=True)  # word by word
        ask("Hello?", stream=False)  # the same events, once the answer is complete
    except OpenRouterError as error:  # the base class of all errors, see `errors.py`
        print(error.status, error.message)
"""

from .account import Account, get_account, key_settings_url
from .annotations import FileAnnotation
from .catalogue import Catalogue
from .chat import Completion
from .errors import (
    AnswerTooLong,
    ConnectionLost,
    ConnectTimedOut,
    ErrorDetails,
    InvalidResponse,
    KeyRejected,
    NoContent,
    OpenRouterError,
    StreamInterrupted,
    StreamStalled,
    TimedOut,
    UnconfirmedRejection,
    Unreachable,
)
from .events import (
    Alive,
    AnsweredBy,
    Began,
    Citation,
    Event,
    Finished,
    GeneratedImage,
    ImageLink,
    ReasoningDelta,
    TextDelta,
    UnshownImage,
    Usage,
)
from .generation import get_usage
from .models import Model, get_model, get_models
from .pricing import Pricing
from .providers import Provider, get_providers
from .request import ChatMessage, ChatRequest, DataPolicy
from .routing import Attempt, Routing

__all__ = [
    "Account",
    "Alive",
    "AnswerTooLong",
    "AnsweredBy",
    "Attempt",
    "Began",
    "Catalogue",
    "ChatMessage",
    "ChatRequest",
    "Citation",
    "Completion",
    "ConnectTimedOut",
    "ConnectionLost",
    "DataPolicy",
    "ErrorDetails",
    "Event",
    "FileAnnotation",
    "Finished",
    "GeneratedImage",
    "ImageLink",
    "InvalidResponse",
    "KeyRejected",
    "Model",
    "NoContent",
    "OpenRouterError",
    "Pricing",
    "Provider",
    "ReasoningDelta",
    "Routing",
    "StreamInterrupted",
    "StreamStalled",
    "TextDelta",
    "TimedOut",
    "UnconfirmedRejection",
    "Unreachable",
    "UnshownImage",
    "Usage",
    "get_account",
    "get_model",
    "get_models",
    "get_providers",
    "get_usage",
    "key_settings_url",
]
