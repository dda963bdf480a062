"""An OpenRouter on your own machine: the same calls, no account, no money, no network.

It keeps OpenRouter's contract on its own and imports nothing from `lib`, so that the app and its
counterpart cannot share a mistake. Run it with `python -m sandbox`.
"""
