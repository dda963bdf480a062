"""What pages render, and the state behind it: everything of the chat that needs Streamlit."""
