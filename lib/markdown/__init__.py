"""What models write: its blocks, as Streamlit's markdown, and as HTML."""
