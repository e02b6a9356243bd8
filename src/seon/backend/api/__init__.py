"""The https API that the client calls; messages in seon.api_messages, described in docs/api.md."""
