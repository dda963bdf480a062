"""Sign in with OpenRouter, by OAuth PKCE, in any Streamlit app: README.md shows how.

Modules, from the top down: `view` (what the user sees), `flow` (begin, come back, exchange),
`session` (stay, sign out), `browser` and `cookies` (what Streamlit cannot do by itself), `state`,
`events`, `oauth`, `pkce`, `sealing`.
"""

from .browser import keeps_cookies
from .cookies import main_page_url, storage_prefix
from .events import Exchanged, Returned, SignedIn, SignedOut, SignInEvent, Started
from .flow import repeat_exchange
from .oauth import accepts_callback_url
from .pkce import Method
from .session import current_user, reject_key, sign_out
from .state import PendingSignIn, Sandbox, SignInOptions, User
from .view import begin_sign_in, sign_in, sign_in_link

__all__ = [
    "Exchanged",
    "Method",
    "PendingSignIn",
    "Returned",
    "Sandbox",
    "SignInEvent",
    "SignInOptions",
    "SignedIn",
    "SignedOut",
    "Started",
    "User",
    "accepts_callback_url",
    "begin_sign_in",
    "current_user",
    "keeps_cookies",
    "main_page_url",
    "reject_key",
    "repeat_exchange",
    "sign_in",
    "sign_in_link",
    "sign_out",
    "storage_prefix",
]
