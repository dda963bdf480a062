"""What the pages stand on. `tests/test_rooms.py` says what each room may import."""
