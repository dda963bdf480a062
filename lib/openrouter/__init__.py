"""OpenRouter's HTTP API in plain typed Python: sign-in by OAuth PKCE, account, streamed chat.

Knows nothing of Streamlit, of settings or of the environment: lift the folder into any app.
"""
