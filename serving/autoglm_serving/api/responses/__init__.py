"""OpenAI's Responses API: chats whose history the server keeps."""
