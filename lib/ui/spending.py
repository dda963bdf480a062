"""What the session has cost by model, as bars."""

from html import escape

import streamlit as st

from lib.chat.labels import rounded_usd, usd
from lib.ui.session import Session

MAX_BARS = 12
"""The dearest models have a bar each, the others one together."""
_STYLE = """\
<style>
.spending {
  display: grid;
  grid-template-columns: fit-content(45%) 1fr;
  gap: 0.5rem 0.8rem;
  font-size: 0.875rem;
}
.spending, .spending > * { margin: 0; padding: 0; }
.spending dt { overflow-wrap: anywhere; font-weight: 400; }
.spending dd { display: flex; align-items: center; gap: 0.5rem; }
.spending i {
  min-width: 2px;
  height: 0.9rem;
  border-radius: 0.2rem;
  background: light-dark(#2f6fdb, #79a9ff);
}
.spending dd > span { flex: none; }
</style>
"""


def render(session: Session) -> None:
    """Render a bar for each model that was paid, the dearest first, scaled to it."""
    if bars := _bars(session.spending.by_model):
        st.subheader("This session by model", anchor=False)
        st.html(f"{_STYLE}{chart(bars)}")


def chart(bars: list[tuple[str, float]]) -> str:
    """Return the bars as HTML: a list of models and amounts, which reads without the bars, too."""
    most = max(cost for _, cost in bars)
    rows = (
        f"<dt>{escape(name)}</dt>"
        f'<dd title="{usd(cost)}"><i style="width: {cost / most:.1%}"></i>'
        f"<span>{rounded_usd(cost)}</span></dd>"
        for name, cost in bars
    )
    return f'<dl class="spending">{"".join(rows)}</dl>'


def _bars(by_model: dict[str, float]) -> list[tuple[str, float]]:
    ranked = sorted(by_model.items(), key=lambda item: -item[1])
    bars = [(name or "unknown model", cost) for name, cost in ranked[:MAX_BARS]]
    if others := ranked[MAX_BARS:]:
        bars.append((f"{len(others)} other models", sum(cost for _, cost in others)))
    return bars
