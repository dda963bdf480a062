"""Benchmark: traffic, speed, CPU time and memory of this app and of a baseline.

The baseline is the plain pattern of Streamlit's tutorials. `python -m bench` starts an upstream
server, the app and `baseline.py`, drives them in Chromium and over raw websockets, and prints one
table. Linux only: the CPU time and memory of a process are read from /proc.
"""
