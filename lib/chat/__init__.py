"""What a conversation is: messages, answers on their way, attachments, storage. Plain Python."""
