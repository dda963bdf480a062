"""What the pages stand on: `lib.openrouter` and the modules here are plain Python, `lib.ui` is Streamlit."""
