"""What passes between a company and the coordinator: the messages, and their way by folder."""
