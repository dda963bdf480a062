"""What Streamlit makes special: session state, cookies, the address bar, painting a stream."""
