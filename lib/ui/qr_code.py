"""A QR code of a URL, for a phone that is pointed at a screen."""

from html import escape

import segno
import streamlit as st

MIN_WIDTH_PX = 280
MODULE_PX = 5
"""A smaller module of a long URL would not be read from a distance."""


def render_qr_code(url: str) -> None:
    """Render a QR code, dark on white in both themes: many readers take nothing else."""
    # Few phones read micro codes. The margin of four modules belongs to the code.
    code = segno.make(url, error="l", micro=False)
    source = code.svg_data_uri(dark="#000", light="#fff", border=4, omitsize=True)
    width_px = max(MIN_WIDTH_PX, MODULE_PX * code.symbol_size(border=4)[0])
    # An image, since `st.html` strips inline SVG.
    st.html(
        f'<img src="{escape(source)}" alt="QR code of the link" style="width:{width_px}px; '
        'max-width:100%">'
    )
