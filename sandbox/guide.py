"""The answers that guide a visitor through the app, to the prompts of an empty chat."""

_PKCE = """\
**PKCE** lets an app get a key of your own without ever seeing your password.

1. The app invents a secret, the `code_verifier`, and sends you to OpenRouter with only its hash.
2. You approve there, and come back with a code that works once.
3. The app exchanges code *and* secret for a key. Whoever stole the code has not got the secret.

You have just done all of this: **How sign-in works**, in the sidebar, shows each step with your own
values, and lets you attack it.
"""

_TABLE = """\
| | Course | Conversation partner | Series and podcasts |
|---|---|---|---|
| **Hours a week** | 3 | 2 | 5 |
| **Price a month** | $80 | free | $12 |
| **Strong at** | grammar | speaking | listening |
| **Weak at** | speaking | spelling | *all* of the grammar |

My advice, if I were a model: a course for three months, then a partner.

Try next: open **Compare** in the sidebar, and put this question to several models at once.
"""

_CODE = '''\
```python
import requests


def ask(key: str, question: str, model: str = "openrouter/auto") -> str:
    """Ask a model on OpenRouter, and return its answer."""
    response = requests.post(
        "https://openrouter.ai/api/v1/chat/completions",
        headers={"Authorization": f"Bearer {key}"},
        json={"model": model, "messages": [{"role": "user", "content": question}]},
        timeout=60,
    )
    response.raise_for_status()
    return response.json()["choices"][0]["message"]["content"]
```

`key` is what the sign-in brings; nobody has to paste one. The button on the code copies it.

Try next: **Edit** your question, or ask for **Another answer** below this one.
'''

_FORMULA = r"""With compound interest, interest earns interest, too. A capital $K_0$ at a yearly rate $r$ becomes

$$
K_n = K_0 \, (1 + r)^n
$$

after $n$ years. At 5 % a capital doubles in about 14 years, since

$$
n = \frac{\ln 2}{\ln 1.05} \approx 14.2
$$

Try next: save this chat as a page, under *This chat* in the sidebar; the formulas come along.
"""

_VERDICT = """\
As a sandbox I cannot judge, so I prefer whatever I read first; many a model leans that way.

- **Answer 1** comes first, which is all that I can say for it.
- The others come later, and later is worse.

Answer 1: 8
Answer 2: 7
Answer 3: 6
Answer 4: 5
"""

_ANSWERS = {
    ("judge the answers", "score"): _VERDICT,
    ("pkce",): _PKCE,
    ("language", "table"): _TABLE,
    ("python", "openrouter"): _CODE,
    ("interest", "formula"): _FORMULA,
}
"""By the words that a question has, in lower case."""

NEXT = """\
What you can try next:

- **Choose a model** with the button above: a few hundred are listed, with made-up prices.
- **Attach** a picture or a PDF; the answer says what arrived.
- **Compare** several models side by side.
- **How sign-in works** shows what happened when you came here, and lets you attack it.
- Name a model in your message: `sandbox/tour` shows what an answer may hold, `sandbox/endless` goes
  on until you press Stop, `sandbox/status-402` shows what happens when credits run out.
"""


def answer(question: str) -> str | None:
    """Return the guide's answer to a question; None if it has none of its own."""
    asked = question.lower()
    return next(
        (text for words, text in _ANSWERS.items() if all(word in asked for word in words)), None
    )
