"""What this app costs and how quick it is, beside the plain pattern of the tutorials.

`python -m bench` starts an upstream, the app, and `baseline.py`; drives them in Chromium and over
raw websockets; and prints one table. Linux only: CPU and memory of a process are read in /proc.
"""
