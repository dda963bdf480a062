"""Signs in, asks one question, shows the answer: `streamlit run example.py` beside the folder."""

import os

import requests
import streamlit as st
from openrouter_sign_in import sign_in, sign_out

url = os.environ.get("OPENROUTER_BASE_URL", "https://openrouter.ai")
user = sign_in(secret=os.environ.get("SIGN_IN_SECRET"), base_url=url)
st.sidebar.button("Sign out", on_click=sign_out)
if question := st.chat_input("Ask anything"):
    messages = [{"role": "user", "content": question}]
    response = requests.post(
        f"{user.base_url}/api/v1/chat/completions",
        headers={"Authorization": f"Bearer {user.key}"},
        json={"model": "openrouter/auto", "messages": messages, "stream": False},
        timeout=120,
    )
    st.write(response.json()["choices"][0]["message"]["content"] if response.ok else response.text)
