"""Streamlit for the chat: the session, what is on the pages, what the browser's tab keeps."""
