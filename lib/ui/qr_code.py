"""A QR code of a URL, for a phone that is pointed at a screen."""

from html import escape

import segno
import streamlit as st


def render_qr_code(url: str, *, width_px: int = 280) -> None:
    """Render a QR code, dark on white in both themes: many readers take nothing else."""
    # Few phones read micro codes. The margin of four modules belongs to the code.
    code = segno.make(url, error="l", micro=False)
    source = code.svg_data_uri(dark="#000", light="#fff", border=4, omitsize=True)
    # An image, since `st.html` strips inline SVG.
    st.html(f'<img src="{escape(source)}" alt="QR code of the link" width="{width_px}">')
