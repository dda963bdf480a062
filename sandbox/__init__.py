"""A local server that stands in for OpenRouter: the same API without account, costs and network.

It implements OpenRouter's API independently and imports nothing from `lib`, so that the app and the
sandbox cannot have the same error. Run it with `python -m sandbox`.
"""
