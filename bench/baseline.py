"""The plain pattern of the tutorials: each run draws all messages; `st.write_stream` the answer."""

import json
import os
from collections.abc import Iterator

import requests
import streamlit as st

from bench.workload import answer

URL = f"{os.environ['OPENROUTER_BASE_URL']}/api/v1/chat/completions"


def stream(messages: list[dict[str, str]]) -> Iterator[str]:
    """Yield the text of the answer as it arrives."""
    body = {"model": "openrouter/auto", "messages": messages, "stream": True}
    with requests.post(URL, json=body, stream=True, timeout=60) as response:
        for line in response.iter_lines():
            if line.startswith(b"data: ") and line != b"data: [DONE]":
                choices = json.loads(line[6:])["choices"]
                yield choices[0]["delta"].get("content", "") if choices else ""


st.title("Chat")
if "messages" not in st.session_state:
    earlier = (
        {"role": "user", "content": "So?"},
        {"role": "assistant", "content": answer("prose", 600)},
    )
    st.session_state.messages = [*earlier] * (int(st.query_params.get("messages", 0)) // 2)

for message in st.session_state.messages:
    with st.chat_message(message["role"]):
        st.markdown(message["content"])

if question := st.chat_input("Ask anything"):
    st.session_state.messages.append({"role": "user", "content": question})
    with st.chat_message("user"):
        st.markdown(question)
    with st.chat_message("assistant"):
        text = st.write_stream(stream(st.session_state.messages))
    st.session_state.messages.append({"role": "assistant", "content": text})
