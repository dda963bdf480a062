"""Conversations: messages, answers being streamed, attachments, storage. Plain Python."""
